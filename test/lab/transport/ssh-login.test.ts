import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTransport, type TransportOptions } from '../../../runner/transport/index.js'
import { publicBlobOf } from '../../../runner/transport/pkcs8.js'
import type { Connection, Target } from '../../../runner/transport/transport.js'
import { eventually, exited } from '../../unit/transport/shells.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { configFolder } from './files.js'
import { firstOf, targetOf } from './hosts.js'
import { type OwnSshd, ownSshd } from './own-sshd.js'

const lab = openLab(ourLabDir())
const agent = firstOf(lab, 'agent')
const folder = configFolder(lab)
const path = (name: string): string => join(folder.home, name)
const keygen = (...args: string[]): void => {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', ...args])
  if (status !== 0) throw new Error(String(stderr))
}
const kinds = ['ed25519', 'ecdsa', 'rsa'] as const

let sshd: OwnSshd
let authority: OwnSshd
const open: Connection[] = []
const agents: ChildProcess[] = []

/** Keys that no host knows, with certificates of an authority that one sshd trusts; and one encrypted key. */
beforeAll(async () => {
  keygen('-t', 'ed25519', '-N', '', '-f', path('ca'))
  for (const kind of kinds) {
    keygen('-t', kind, '-N', '', '-f', path(kind))
    keygen('-s', path('ca'), '-I', `tsp-${kind}`, '-n', 'debian', '-V', '+1h', path(`${kind}.pub`))
  }
  keygen('-t', 'ed25519', '-N', 'open sesame', '-f', path('locked'))
  const trusted = readFileSync(path('ca.pub'), 'utf8').trim()
  const locked = readFileSync(path('locked.pub'), 'utf8').trim()
  authority = await ownSshd(lab, agent, [
    'AuthorizedKeysFile /run/%u-none',
    'TrustedUserCAKeys /run/tsp-ca.pub',
    'AllowAgentForwarding no',
  ])
  sshd = await ownSshd(lab, agent, [
    'AuthorizedKeysFile .ssh/authorized_keys /run/tsp-locked.pub /run/tsp-any.pub',
  ])
  await sshd.root(`echo '${trusted}' >/run/tsp-ca.pub; echo '${locked}' >/run/tsp-locked.pub`)
})
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close()
  for (const one of agents.splice(0)) one.kill()
})
afterAll(async () => {
  await sshd.root('rm -f /run/tsp-ca.pub /run/tsp-locked.pub /run/tsp-any.pub')
  await Promise.all([sshd.stop(), authority.stop()])
  folder.remove()
})

async function connect(
  to: OwnSshd,
  over: Partial<Target> = {},
  config = '',
  options: TransportOptions = {},
  transport = createTransport({ home: folder.home, ...options }),
): Promise<Connection> {
  const { address } = targetOf(lab, agent)
  const file = folder.write(
    'config',
    `HostKeyAlias ${address}\nUserKnownHostsFile ${folder.knownHosts}\n${config}\n`,
  )
  const connection = await transport.connect({
    ...targetOf(lab, agent),
    port: to.port,
    configFile: file,
    knownHostsFiles: undefined,
    ...over,
  })
  open.push(connection)
  return connection
}

async function startAgent(...keys: string[]): Promise<string> {
  const socket = path(`agent-${agents.length}-${Math.floor(performance.now())}`)
  agents.push(spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' }))
  await eventually(() => existsSync(socket))
  for (const key of keys) {
    const added = spawnSync('ssh-add', ['-q', path(key)], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
    if (added.status !== 0) throw new Error(String(added.stderr))
  }
  return socket
}

describe('user certificates', () => {
  it.each(kinds)('of a key file are found beside it: %s', async (kind) => {
    const host = await connect(authority, { identityFiles: [path(kind)] })
    expect((await exited(host, 'id -un')).stdout).toBe('debian\n')
    expect(await authority.log()).toMatch(new RegExp(`Accepted publickey .*ID tsp-${kind}`))
  })

  it('are named by CertificateFile', async () => {
    folder.write('elsewhere/me-cert.pub', readFileSync(path('ed25519-cert.pub'), 'utf8'))
    folder.write('elsewhere/key', readFileSync(path('ed25519'), 'utf8'))
    const config = `CertificateFile ~/elsewhere/me-cert.pub`
    const host = await connect(
      authority,
      { identityFiles: [path('elsewhere/key')] },
      config.replace('~', folder.home),
    )
    expect((await exited(host, 'id -un')).stdout).toBe('debian\n')
  })

  it.each(kinds)('are taken from the agent: %s', async (kind) => {
    const socket = await startAgent(kind)
    const host = await connect(authority, { identityFiles: [] }, `IdentityAgent ${socket}`)
    expect((await exited(host, 'id -un')).stdout).toBe('debian\n')
  })

  it('that are for somebody else are refused, by name', async () => {
    await expect(
      connect(authority, { identityFiles: [path('ed25519')], user: 'root' }),
    ).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringMatching(/it did not take certificate .*ed25519-cert.pub, key .*ed25519/),
    })
  })
})

describe('a key', () => {
  const written: readonly (readonly [string, readonly string[]])[] = [
    ['ed25519', []],
    ['ecdsa', ['-b', '256']],
    ['ecdsa', ['-b', '521']],
    ['rsa', ['-b', '2048']],
    ['ecdsa', ['-b', '384', '-m', 'PEM']],
    ['rsa', ['-b', '2048', '-m', 'PEM']],
    ['ecdsa', ['-m', 'PKCS8']],
    ['rsa', ['-b', '2048', '-m', 'PKCS8']],
  ]

  it.each(written)('of %s %j logs in, as it is and encrypted', async (kind, how) => {
    const [plain, locked] = ['any', 'any-locked'].map((name) => path(name)) as [string, string]
    for (const file of [plain, locked]) {
      rmSync(file, { force: true })
      keygen('-t', kind, ...how, '-N', file === locked ? 'open sesame' : '', '-f', file)
    }
    const keys = [plain, locked].map((file) => readFileSync(`${file}.pub`, 'utf8').trim())
    await sshd.root(`printf '%s\\n' '${keys.join("' '")}' >/run/tsp-any.pub`)
    const ask = async () => 'open sesame'
    for (const file of [plain, locked]) {
      const host = await connect(sshd, { identityFiles: [file] }, 'IdentitiesOnly yes', { ask })
      expect((await exited(host, 'id -un')).stdout).toBe('debian\n')
    }
  })

  it('of ed25519 in PKCS#8 logs in', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const file = folder.write('pkcs8', privateKey.export({ format: 'pem', type: 'pkcs8' }) as string)
    const blob = publicBlobOf(privateKey)!.toString('base64')
    await sshd.root(`echo 'ssh-ed25519 ${blob}' >/run/tsp-any.pub`)
    const host = await connect(sshd, { identityFiles: [file] })
    expect((await exited(host, 'id -un')).stdout).toBe('debian\n')
  })
})

describe('an encrypted key', () => {
  const locked = { identityFiles: [path('locked')] }

  it('is asked for once for all hosts, and only where a host would take it', async () => {
    const asked: string[] = []
    const ask = async (text: string): Promise<string> => {
      asked.push(text)
      return 'open sesame'
    }
    const transport = createTransport({ home: folder.home, ask })
    await expect(
      connect(authority, { identityFiles: [path('locked')] }, '', {}, transport),
    ).rejects.toMatchObject({
      code: 'auth',
    })
    expect(asked).toEqual([])
    const hosts = await Promise.all([1, 2, 3].map(() => connect(sshd, locked, '', {}, transport)))
    for (const host of hosts) expect((await exited(host, 'id -un')).stdout).toBe('debian\n')
    expect(asked).toEqual([`Passphrase of ${path('locked')}`])
  })

  it.each([
    ['a wrong passphrase', async () => 'guess', /that was not the passphrase of the key file .*locked/],
    [
      'no terminal',
      async () => {
        throw new Error('there is no terminal to ask on')
      },
      /locked is encrypted: add it to an agent with ssh-add \(there is no terminal to ask on\)/,
    ],
  ])('with %s says so', async (_, ask, hint) => {
    const before = (await sshd.log()).split('Failed publickey').length
    await expect(connect(sshd, locked, '', { ask })).rejects.toMatchObject({
      code: 'auth',
      hint: expect.stringMatching(hint),
    })
    expect((await sshd.log()).split('Failed publickey').length).toBe(before)
  })

  it('is signed for by the agent that holds it', async () => {
    const socket = await startAgent()
    const environment = {
      ...process.env,
      SSH_AUTH_SOCK: socket,
      SSH_ASKPASS: folder.write('askpass', '#!/bin/sh\necho open sesame\n'),
      SSH_ASKPASS_REQUIRE: 'force',
      DISPLAY: 'x',
    }
    spawnSync('chmod', ['700', path('askpass')])
    expect(spawnSync('ssh-add', ['-q', path('locked')], { env: environment }).status).toBe(0)
    const host = await connect(sshd, locked, `IdentityAgent ${socket}\nIdentitiesOnly yes`)
    expect((await exited(host, 'id -un')).stdout).toBe('debian\n')
    const half = await connect(
      sshd,
      { identityFiles: [path('locked.pub')] },
      `IdentityAgent ${socket}\nIdentitiesOnly yes`,
    )
    expect((await exited(half, 'id -un')).stdout).toBe('debian\n')
  })
})

const socketOnHost = 'test -n "$SSH_AUTH_SOCK" && echo lent || echo none'

describe('the default keys', () => {
  it('are those of the home folder, where nobody names one', async () => {
    const { identityFiles } = targetOf(lab, agent)
    await expect(connect(sshd, { identityFiles: [] })).rejects.toMatchObject({
      code: 'auth',
      message: expect.stringContaining('there is nothing to log in to'),
    })
    folder.write('.ssh/id_rsa', readFileSync(path('rsa'), 'utf8'))
    folder.write('.ssh/id_ed25519', readFileSync(identityFiles[0]!, 'utf8'))
    const host = await connect(sshd, { identityFiles: [] })
    expect((await exited(host, 'id -un')).stdout).toBe('debian\n')
  })
})

describe('IdentitiesOnly', () => {
  it('offers the named key alone, where the agent has others', async () => {
    const socket = await startAgent('rsa', 'ecdsa')
    const refused = async (): Promise<number> => (await sshd.log()).split('Failed publickey').length
    const wrong = { identityFiles: [path('ed25519')] }
    const before = await refused()
    await expect(connect(sshd, wrong, `IdentityAgent ${socket}`)).rejects.toMatchObject({ code: 'auth' })
    // Three keys, and a certificate of each.
    expect(await refused()).toBe(before + 6)
    const only = `IdentityAgent ${socket}\nIdentitiesOnly yes`
    await expect(connect(sshd, wrong, only)).rejects.toMatchObject({ code: 'auth' })
    expect(await refused()).toBe(before + 8)
  })
})

describe('the agent', () => {
  it('is not lent to hosts unless asked, and then can be used there', async () => {
    const socket = await startAgent('rsa')
    const own = await connect(sshd, {}, `IdentityAgent ${socket}`)
    expect((await exited(own, socketOnHost)).stdout).toBe('none\n')
    const lent = await connect(sshd, {}, `IdentityAgent ${socket}\nForwardAgent yes`)
    const listed = await exited(lent, 'ssh-add -L')
    expect(listed.stdout).toContain(readFileSync(path('rsa.pub'), 'utf8').split(' ')[1])
  })

  it('that a host does not let through is done without', async () => {
    const socket = await startAgent('ed25519')
    const host = await connect(authority, { identityFiles: [] }, `IdentityAgent ${socket}\nForwardAgent yes`)
    expect((await exited(host, socketOnHost)).stdout).toBe('none\n')
  })
})

describe('MaxStartups', () => {
  it('may drop connections: they come again', async () => {
    const busy = await ownSshd(lab, agent, ['MaxStartups 2'])
    // On a busy machine each login holds its place for long.
    const patient = 'ConnectionAttempts 30'
    try {
      const transport = createTransport({ home: folder.home })
      const hosts = await Promise.all(
        Array.from({ length: 8 }, () => connect(busy, {}, patient, {}, transport)),
      )
      const names = await Promise.all(hosts.map((host) => exited(host, 'id -un')))
      expect(names.map(({ stdout }) => stdout)).toEqual(Array(8).fill('debian\n'))
      expect(await busy.log()).toMatch(/MaxStartups|drop connection/)
    } finally {
      await busy.stop()
    }
  })
})
