import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { targetOf as inventoryTarget } from '../../../runner/inventory/target.js'
import { createTransport } from '../../../runner/transport/index.js'
import type { Connection, Target, Transport } from '../../../runner/transport/transport.js'
import { scopeOf } from '../../unit/expression/support.js'
import { exited } from '../../unit/transport/shells.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { configFolder } from './files.js'
import { firstOf, targetOf } from './hosts.js'
import { type OwnSshd, ownSshd } from './own-sshd.js'

const lab = openLab(ourLabDir())
const near = lab.hosts.find(({ kind }) => kind === 'server')!
const far = lab.hosts.find(({ name }) => name === firstOf(lab, 'agent'))!
const folder = configFolder(lab)
const { identityFiles } = targetOf(lab, far.name)
const identity = identityFiles[0]!

let sshd: OwnSshd
const open: Connection[] = []
beforeAll(async () => {
  sshd = await ownSshd(lab, near.name)
})
afterEach(async () => {
  for (const connection of open.splice(0)) await connection.close()
})
afterAll(async () => {
  await sshd.stop()
  folder.remove()
})

/** Connects by what a config says, as `ssh -F FILE ALIAS` would. */
async function connect(
  alias: string,
  config: string,
  over: Partial<Target> = {},
  transport: Transport = createTransport({ home: folder.home }),
): Promise<Connection> {
  const configFile = folder.write('config', config)
  const connection = await transport.connect({
    name: alias,
    connection: 'ssh',
    address: alias,
    identityFiles: [],
    configFile,
    ...over,
  })
  open.push(connection)
  return connection
}
const hostname = async (host: Connection): Promise<string> => (await exited(host, 'hostname; id -un')).stdout
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'connected',
    (error: unknown) => error,
  )
const common = `
  User debian
  IdentityFile ${identity}
  UserKnownHostsFile ${folder.knownHosts}
  GlobalKnownHostsFile none
  ConnectTimeout 60
`

describe('ssh_config', () => {
  it('names a host, its address, port, user, key and known hosts', async () => {
    const config = `Host web
  HostName ${near.address}
  Port ${sshd.port}
  HostKeyAlias ${near.address}
${common}`
    const host = await connect('web', config)
    expect(await hostname(host)).toBe(`${near.name}\ndebian\n`)
    expect(host.user).toBe('debian')
    expect(await sshd.log()).toContain('Accepted publickey for debian')
  })

  it('is read from ~/.ssh/config, where no other file is named', async () => {
    folder.write('.ssh/config', `Host at-home\n  HostName ${far.address}\n${common}`)
    const transport = createTransport({ home: folder.home })
    const host = await transport.connect({
      name: 'at-home',
      connection: 'ssh',
      address: 'at-home',
      identityFiles: [],
    })
    open.push(host)
    expect(await hostname(host)).toBe(`${far.name}\ndebian\n`)
  })

  it('includes files, matches users and the final name, and takes the first value', async () => {
    folder.write('.ssh/conf.d/10-key.conf', `IdentityFile ${identity}\n`)
    folder.write('.ssh/conf.d/20-known.conf', `UserKnownHostsFile %d/known/%k\n`)
    folder.write(`known/${near.name}`, readFileSync(folder.knownHosts, 'utf8'))
    const config = `Include conf.d/*.conf
Match originalhost web user root
  HostKeyAlias ${near.name}
Match final host ${near.address}
  Port ${sshd.port}
Host web other
  HostName ${near.address}
  Port 22
Match all
  GlobalKnownHostsFile none
  User nobody
`
    // The first pass says port 22; what final adds comes too late, as with ssh.
    const host = await connect('web', config, { user: 'root' })
    expect(await hostname(host)).toBe(`${near.name}\nroot\n`)
  })

  it('is beaten by the inventory and its ssh arguments', async () => {
    const config = `Host *
  Port 1
  User nobody
  IdentityFile ${identity}
  UserKnownHostsFile /nowhere
  StrictHostKeyChecking no
  GlobalKnownHostsFile none
  HostKeyAlgorithms ssh-ed25519
`
    const file = folder.write('beaten', config)
    const target = inventoryTarget(
      'web',
      scopeOf({
        ansible_host: near.address,
        ansible_user: 'debian',
        ansible_ssh_common_args: `-F ${file} -o UserKnownHostsFile=${folder.knownHosts} -o StrictHostKeyChecking=yes`,
        ansible_ssh_extra_args: `-p ${sshd.port} -o HostKeyAlias=${near.name}`,
      }),
    )
    const host = await createTransport({ home: folder.home }).connect(target)
    open.push(host)
    expect(await hostname(host)).toBe(`${near.name}\ndebian\n`)
  })

  it('says what it cannot follow, by file and line', async () => {
    const told: string[] = []
    const transport = createTransport({ home: folder.home, warn: (text) => told.push(text) })
    const config = `Colour red
IgnoreUnknown Shap*
Shape round
KnownHostsCommand /bin/false
KexAlgorithms mlkem768x25519-sha256
Host web
  HostName ${near.address}
${common}`
    for (let times = 0; times < 2; times++) await connect('web', config, {}, transport)
    expect(told.map((text) => text.replace(/^.*config:/, ''))).toEqual([
      '1: ssh_config has no keyword colour; it was passed over',
      '4: knownhostscommand is not supported and was passed over',
      expect.stringMatching(/^web: nothing of kexalgorithms mlkem768x25519-sha256 is supported/),
    ])
    expect(await failure(connect('web', 'Match host web exec "touch /tmp/tsp-never"\n'))).toMatchObject({
      code: 'config',
      message: expect.stringMatching(/config:1: Match exec is not supported/),
    })
    expect(await failure(connect('web', 'Host web\n  Port many\n'))).toMatchObject({
      code: 'config',
      message: expect.stringMatching(/config:2: port takes a port, not 'many'/),
    })
  })
})

describe('jump hosts', () => {
  const hops = `Host hop
  HostName ${near.address}
  Port ${'PORT'}
  HostKeyAlias ${near.address}
${common}
Host far
  HostName ${far.address}
  ProxyJump hop
${common}
`
  const withHop = (): string => hops.replace('PORT', String(sshd.port))

  it('are gone through once for all hosts behind them', async () => {
    const before = (await sshd.log()).split('Accepted publickey').length
    const transport = createTransport({ home: folder.home })
    const hosts = await Promise.all(Array.from({ length: 5 }, () => connect('far', withHop(), {}, transport)))
    expect(new Set(await Promise.all(hosts.map(hostname)))).toEqual(new Set([`${far.name}\ndebian\n`]))
    expect((await sshd.log()).split('Accepted publickey').length).toBe(before + 1)
  })

  it('close with the last connection behind them', async () => {
    const host = await connect('far', withHop())
    await hostname(host)
    await host.close()
    const sessions = `ss -Htn state established "sport = :${sshd.port}" | wc -l`
    for (let tries = 0; tries < 30 && (await sshd.root(sessions)) !== '0\n'; tries++)
      await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await sshd.root(sessions)).toBe('0\n')
  })

  it('may be several, each with a host key of its own that is verified', async () => {
    const two = `${withHop()}
Host last
  HostName ::1
  HostKeyAlias ${far.name}
  ProxyJump hop,debian@far:22
${common}`
    // far has a ProxyJump in the file; the list that stands at the last host wins, as with ssh -J.
    expect(await hostname(await connect('last', two))).toBe(`${far.name}\ndebian\n`)
    const wrong = two.replace(`HostKeyAlias ${near.address}`, `HostKeyAlias ${far.address}`)
    expect(await failure(connect('last', wrong))).toMatchObject({
      code: 'host-key-changed',
      message: expect.stringMatching(/^jump host .*: the host key of /),
    })
  })

  it("come from the inventory too, and know the run's host-key policy", async () => {
    const vars = {
      ansible_host: far.address,
      ansible_user: 'debian',
      ansible_ssh_private_key_file: identity,
      ansible_ssh_common_args: `-F ${folder.write('empty', `IdentityFile ${identity}\nUserKnownHostsFile /nowhere/k\n`)} -J debian@${near.address}:${sshd.port}`,
    }
    const target = inventoryTarget('far', scopeOf(vars))
    const transport = createTransport({ home: folder.home })
    expect(await failure(transport.connect(target))).toMatchObject({ code: 'host-key-unknown' })
    const free = inventoryTarget('far', scopeOf(vars), { hostKeyPolicy: 'off' })
    const host = await transport.connect(free)
    open.push(host)
    expect(await hostname(host)).toBe(`${far.name}\ndebian\n`)
  })

  it('say which of them failed, and never lead back to themselves', async () => {
    const closed = withHop().replace(`HostName ${far.address}`, `HostName ${far.address}\n  Port 1`)
    expect(await failure(connect('far', closed))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('the jump host hop gets no connection to'),
    })
    const down = withHop().replace(`Port ${sshd.port}`, 'Port 1')
    expect(await failure(connect('far', down))).toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/^jump host hop: .* port 1 refused the connection/),
    })
    const loop = `Host *\n  ProxyJump hop\n${withHop()}`
    expect(await failure(connect('far', loop))).toMatchObject({
      code: 'config',
      message: expect.stringContaining('lead back to themselves'),
    })
  })
})

describe('accept-new', () => {
  it('records a hashed name where HashKnownHosts says so, under the HostKeyAlias', async () => {
    const file = `${folder.home}/new/known`
    const config = `HostName ${near.address}
HostKeyAlias one-of-mine
HashKnownHosts yes
StrictHostKeyChecking accept-new
UserKnownHostsFile ${file}
${common}`
    await connect('web', config)
    const found = spawnSync('ssh-keygen', ['-F', 'one-of-mine', '-f', file], { encoding: 'utf8' })
    expect(found.stdout).toMatch(/^\|1\|\S+ ssh-ed25519 /m)
    await connect('web', config.replace('accept-new', 'yes'))
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(2)
  })
})

describe('ProxyCommand', () => {
  const command = `ssh -F none -i ${identity} -o UserKnownHostsFile=${folder.knownHosts} -W [%h]:%p root@${near.address}`

  it('carries the connection', async () => {
    const host = await connect(
      'far',
      `Host far\n  HostName ${far.address}\n  ProxyCommand ${command}\n${common}`,
    )
    expect(await hostname(host)).toBe(`${far.name}\ndebian\n`)
    const large = Buffer.alloc(3_000_000, 'x')
    expect(await host.upload(large, `/tmp/tsp-proxy-${process.pid}`)).toMatchObject({ code: 0 })
    const { stdout } = await exited(
      host,
      `wc -c </tmp/tsp-proxy-${process.pid}; rm /tmp/tsp-proxy-${process.pid}`,
    )
    expect(stdout.trim()).toBe('3000000')
  })

  it('that fails says so in its own words', async () => {
    const config = `Host far\n  ProxyCommand echo nobody at %h, port %p >&2; exit 3\n  ConnectionAttempts 1\n${common}`
    expect(await failure(connect('far', config))).toMatchObject({
      code: 'closed',
      message: expect.stringContaining('the ProxyCommand said: nobody at far, port 22'),
    })
  })
})

describe('IPv6', () => {
  it('is dialled with a zone, and known by its address and port', async () => {
    const device = (await import('node:os')).networkInterfaces()
    const bridge = Object.entries(device).find(([, found]) =>
      found?.some(({ address }) => near.address.startsWith(`${address.split('.').slice(0, 3).join('.')}.`)),
    )![0]
    await sshd.root('ip -6 addr replace fe80::7357/64 dev host0 nodad')
    const key = readFileSync(folder.knownHosts, 'utf8')
      .split('\n')
      .find((line) => line.startsWith(near.address))!
      .split(' ')
      .slice(1)
      .join(' ')
    const known = folder.write('known6', `[fe80::7357%${bridge}]:${sshd.port} ${key}\n`)
    const target = inventoryTarget(
      'six',
      scopeOf({ ansible_host: `[fe80::7357%${bridge}]`, ansible_port: sshd.port }),
    )
    const config = `AddressFamily inet6\nUserKnownHostsFile ${known}\n${common}`
    const host = await connect('six', config, { ...target, configFile: folder.write('six', config) })
    expect(await hostname(host)).toBe(`${near.name}\ndebian\n`)
  })
})
