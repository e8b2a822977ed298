import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTransport } from '../../../runner/transport/index.js'
import { exited } from '../../unit/transport/shells.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { must } from '../run.js'
import { targetOf } from './hosts.js'
import { type OwnSshd, ownSshd } from './own-sshd.js'

const lab = openLab(ourLabDir())
const host = lab.hosts.find(({ kind }) => kind === 'server')!
const folder = mkdtempSync(join(tmpdir(), 'tsplay-host-cert-'))
const place = '/run/tsp-host-cert'

/** Kinds of a host's key, and of the authority that signs it. */
const kinds = {
  ed25519: { key: ['ed25519'], authority: ['ed25519'] },
  ecdsa: { key: ['ecdsa', '-b', '521'], authority: ['ecdsa', '-b', '384'] },
  rsa: { key: ['rsa', '-b', '2048'], authority: ['rsa', '-b', '3072'] },
} as const
type Kind = keyof typeof kinds
const names = Object.keys(kinds) as Kind[]

const keygen = (...args: string[]): Promise<string> => must('ssh-keygen', ['-q', ...args])
const publicKey = (file: string): string => readFileSync(join(folder, `${file}.pub`), 'utf8').trim()
const sshd = new Map<string, OwnSshd>()

/** An sshd that has one key, with a certificate. */
async function serve(name: string, kind: Kind, ...signing: string[]): Promise<void> {
  const key = join(folder, name)
  await keygen('-t', ...kinds[kind].key, '-N', '', '-f', key)
  await keygen('-s', join(folder, `${kind}-ca`), '-h', '-I', name, ...signing, `${key}.pub`)
  for (const file of [name, `${name}-cert.pub`]) {
    const text = readFileSync(join(folder, file)).toString('base64')
    const write = `mkdir -p -m 700 ${place} && umask 077 && printf %s ${text} | base64 -d >${place}/${file}`
    const { code, stderr } = await lab.exec(host.name, write, 'root')
    if (code !== 0) throw new Error(stderr)
  }
  const lines = [`HostKey ${place}/${name}`, `HostCertificate ${place}/${name}-cert.pub`, 'RekeyLimit 64K']
  sshd.set(name, await ownSshd(lab, host.name, lines))
}

beforeAll(async () => {
  for (const kind of names)
    await keygen('-t', ...kinds[kind].authority, '-N', '', '-f', join(folder, `${kind}-ca`))
  for (const kind of names) await serve(kind, kind, '-n', `${host.address},other`, '-V', '-1h:+1h')
  await serve('stranger', 'ed25519', '-n', '192.0.2.*')
  await serve('expired', 'ed25519', '-V', '20200101:20210101')
})
afterAll(async () => {
  for (const each of sshd.values()) await each.stop()
  await lab.exec(host.name, `rm -rf ${place}`, 'root')
  rmSync(folder, { recursive: true, force: true })
})

const authority = (name: string, kind: Kind): string =>
  `@cert-authority [${host.address}]:${sshd.get(name)!.port} ${publicKey(`${kind}-ca`)}\n`

/** Connects while known_hosts holds just these lines. */
function enter(name: string, lines: string) {
  const file = join(folder, 'known_hosts')
  writeFileSync(file, lines)
  return createTransport().connect(
    targetOf(lab, host.name, { port: sshd.get(name)!.port, knownHostsFiles: [file] }),
  )
}

describe('a host with a certificate', () => {
  it.each(names)(
    'of an authority that is known (%s) is trusted, also when keys are exchanged anew',
    async (kind) => {
      const connection = await enter(kind, authority(kind, kind))
      expect(await connection.upload(Buffer.alloc(300_000, kind), `/tmp/tsp-${kind}`)).toMatchObject({
        code: 0,
      })
      const back = await exited(connection, `cat /tmp/tsp-${kind}; rm /tmp/tsp-${kind}`)
      expect(back.bytes.equals(Buffer.alloc(300_000, kind))).toBe(true)
      await connection.close()
    },
  )

  it.each([
    ['whose authority is another', 'ed25519', 'ecdsa', 'signed by an authority that is not known'],
    ['for other names', 'stranger', 'ed25519', 'it is for 192.0.2.*, not for'],
    ['that is over', 'expired', 'ed25519', 'it expired on 202'],
  ] as const)('%s is not, unless its key is known by itself', async (_, name, ca, message) => {
    const lines = authority(name, ca)
    await expect(enter(name, lines)).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining(`its certificate does not help: `),
    })
    await expect(enter(name, lines)).rejects.toThrow(message)
    const plain = `[${host.address}]:${sshd.get(name)!.port} ${publicKey(name)}\n`
    await (await enter(name, lines + plain)).close()
  })

  it('of an authority that is revoked is refused', async () => {
    const lines = authority('rsa', 'rsa')
    await expect(enter('rsa', lines + lines.replace('cert-authority', 'revoked'))).rejects.toMatchObject({
      code: 'host-key-revoked',
    })
  })
})

describe('a host without a certificate', () => {
  it('is told of where one is expected', async () => {
    const file = join(folder, 'known_hosts')
    writeFileSync(file, `@cert-authority ${host.address} ${publicKey('ed25519-ca')}\n`)
    const connecting = createTransport().connect(targetOf(lab, host.name, { knownHostsFiles: [file] }))
    await expect(connecting).rejects.toThrow(`it shows no certificate of the authority in ${file}:1`)
  })
})
