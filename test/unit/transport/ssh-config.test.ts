import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { configFiles } from '../../../runner/transport/config-files.js'
import { parseConfig } from '../../../runner/transport/config-lines.js'
import { resolveSettings, type Settings } from '../../../runner/transport/settings.js'
import type { Target } from '../../../runner/transport/transport.js'

const folder = mkdtempSync(join(tmpdir(), 'tsplay-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const login = userInfo().username
const hasSsh = spawnSync('ssh', ['-V']).status === 0
let files = 0

function resolve(
  config: string,
  alias = 'web',
  over: Partial<Target> = {},
): { settings: Settings; file: string; told: string[] } {
  const file = join(folder, `config-${files++}`)
  writeFileSync(file, config)
  const told: string[] = []
  const around = { files: configFiles(), home: homedir(), login, warn: (text: string) => told.push(text) }
  const target: Target = {
    name: alias,
    connection: 'ssh',
    address: alias,
    identityFiles: [],
    configFile: file,
    ...over,
  }
  return { settings: resolveSettings(target, around), file, told }
}

/** What OpenSSH itself makes of a file. */
function asked(file: string, alias: string): (keyword: string) => string | undefined {
  const { stdout, stderr, status } = spawnSync('ssh', ['-G', '-F', file, alias], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  const lines = stdout.split('\n').map((line) => /^(\S+) (.*)$/.exec(line) ?? [])
  return (keyword) => {
    const values = lines.filter(([, name]) => name === keyword).map(([, , value]) => value)
    return values.length === 0 ? undefined : values.join(' ')
  }
}

const included = join(folder, 'included')
mkdirSync(included)
writeFileSync(join(included, '1.conf'), 'Port 2201\nHost db\n  User dba\n')
writeFileSync(join(included, '2.conf'), 'Host *\n  User second\n  IdentityFile ~/second\n')
writeFileSync(join(included, '.hidden.conf'), 'Port 9\n')

const samples: readonly (readonly [name: string, config: string])[] = [
  ['nothing', ''],
  ['the first value wins', 'Host w*\n  Port 1001\nHost *\n  Port 1002\n  User all\n'],
  ['several patterns, one negated', 'Host * !web\n  User other\nHost a b w?b\n  User mine\n'],
  [
    'equals signs, quotes, comments, tabs',
    'Host=web # here\n\tUser = "two words"\n  Port=\t2022 # there\n#Port 1\n',
  ],
  ['upper case', 'HOST web\n  HOSTNAME Web.Example\n  pOrT 2\n'],
  ['a HostName with tokens', 'HostName %h.example.%%net\n'],
  [
    'identity files that add up',
    'IdentityFile ~/a\nIdentityFile %d/b-%r-%p\nHost *\n  IdentityFile ~/a\n  IdentityFile /c\n',
  ],
  ['ProxyJump before ProxyCommand', 'ProxyJump a,me@b:23\nProxyCommand nc %h %p\n'],
  ['ProxyCommand before ProxyJump', 'ProxyCommand nc "%h" %p\nProxyJump a\n'],
  ['a jump that is none', 'ProxyJump none\nProxyCommand nc %h %p\n'],
  ['Include with a glob, in a block', `Host web\n  Include ${included}/*.conf\nHost *\n  Port 3\n`],
  ['Include that does not match', `Host db\n  Include ${included}/*.conf\nHost *\n  Port 3\n`],
  ['Include of nothing', `Include ${included}/none-*\nPort 5\n`],
  [
    'Match host after HostName',
    'HostName real.example\nMatch host real.*\n  Port 6\nMatch host web\n  Port 7\n',
  ],
  [
    'Match originalhost and user',
    'User ann\nMatch originalhost web user ann,bob\n  Port 8\nMatch user !ann,*\n  User x\n',
  ],
  ['Match negated and localuser', `Match !host web\n  Port 1\nMatch localuser ${login}\n  Port 2\n`],
  ['Match all', 'Match all\n  Port 9\n'],
  [
    'Match final',
    'HostName real.example\nMatch final host real.*\n  User late\n  Port 11\nHost web\n  User early\n',
  ],
  [
    'Host in the final pass',
    'Host web\n  HostName real.example\nHost real.example\n  Port 12\nMatch final\n  User f\n',
  ],
  [
    'times and counts',
    'ConnectTimeout 1m30\nServerAliveInterval 2m\nServerAliveCountMax 7\nConnectionAttempts 4\n',
  ],
  [
    'known hosts',
    'UserKnownHostsFile ~/k1 "/k 2"\nGlobalKnownHostsFile /g\nHostKeyAlias Alias\nHashKnownHosts yes\n',
  ],
  ['switches', 'IdentitiesOnly true\nAddressFamily INET6\nBindAddress 127.0.0.2\nForwardAgent no\n'],
  ['IgnoreUnknown', 'IgnoreUnknown UseKey*\nUseKeychain yes\nPort 13\n'],
  ['what is for others', 'SendEnv LANG LC_*\nControlMaster auto\nLocalForward 1 localhost:2\nPort 14\n'],
]

describe.skipIf(!hasSsh)('what ssh -G says too', () => {
  it.each(samples)('%s', (_, config) => {
    const { settings, file } = resolve(config)
    const ssh = asked(file, 'web')
    const yes = (value: boolean): string => (value ? 'yes' : 'no')
    const home = (paths: readonly string[]): string =>
      paths.map((path) => path.replace(/^~/, homedir())).join(' ')
    expect({
      hostname: settings.address.toLowerCase(),
      port: String(settings.port),
      user: settings.user,
      proxyjump: settings.jumps.join(',') || undefined,
      identitiesonly: yes(settings.identitiesOnly),
      hashknownhosts: yes(settings.hashKnownHosts),
      hostkeyalias: settings.hostKeyAlias,
      batchmode: yes(settings.batchMode),
      connectionattempts: String(settings.connectionAttempts ?? 1),
      serveraliveinterval: String((settings.keepaliveMs ?? 0) / 1000),
      connecttimeout:
        settings.connectTimeoutMs === 20_000 ? 'none' : String(settings.connectTimeoutMs / 1000),
      addressfamily: { 0: 'any', 4: 'inet', 6: 'inet6' }[settings.family],
      bindaddress: settings.bindAddress,
    }).toEqual({
      hostname: ssh('hostname')?.toLowerCase(),
      port: ssh('port'),
      user: ssh('user'),
      proxyjump: ssh('proxyjump'),
      identitiesonly: ssh('identitiesonly'),
      hashknownhosts: ssh('hashknownhosts'),
      hostkeyalias: ssh('hostkeyalias'),
      batchmode: ssh('batchmode'),
      connectionattempts: ssh('connectionattempts'),
      serveraliveinterval: ssh('serveraliveinterval'),
      connecttimeout: ssh('connecttimeout'),
      addressfamily: ssh('addressfamily'),
      bindaddress: ssh('bindaddress'),
    })
    if (config.includes('IdentityFile'))
      expect(settings.identities.map(({ file: path }) => path).join(' ')).toBe(
        home((ssh('identityfile') ?? '').split(' '))
          .replaceAll('%d', homedir())
          .replaceAll('%r', settings.user)
          .replaceAll('%p', String(settings.port)),
      )
    if (config.includes('UserKnownHostsFile'))
      expect(settings.knownHostsFiles.join(' ')).toBe(home((ssh('userknownhostsfile') ?? '').split(' ')))
    if (config.startsWith('ProxyCommand'))
      expect(settings.proxyCommand).toBe(
        ssh('proxycommand')!.replace('%h', 'web').replace('%p', String(settings.port)),
      )
  })
})

describe('ssh_config', () => {
  it('is beaten by the target, whose keys come first', () => {
    const { settings } = resolve('Port 1\nUser u\nIdentityFile /b\nStrictHostKeyChecking no\n', 'web', {
      port: 2,
      user: 'me',
      identityFiles: ['/a'],
      hostKeyPolicy: 'strict',
      connectTimeoutMs: 300,
    })
    expect(settings).toMatchObject({ port: 2, user: 'me', hostKeyPolicy: 'strict', connectTimeoutMs: 300 })
    expect(settings.identities.map(({ file }) => file)).toEqual(['/a', '/b'])
  })

  it('orders and switches off ways to log in', () => {
    const methods = (config: string): readonly string[] => resolve(config).settings.methods
    expect(methods('')).toEqual(['publickey', 'password', 'keyboard-interactive'])
    expect(methods('PreferredAuthentications keyboard-interactive,hostbased,publickey\n')).toEqual([
      'keyboard-interactive',
      'publickey',
    ])
    expect(methods('PubkeyAuthentication no\nPasswordAuthentication no\n')).toEqual(['keyboard-interactive'])
  })

  it.each([
    ['Host web\n  Port many\n', /:2: port takes a port, not 'many'/],
    ['StrictHostKeyChecking perhaps\n', /:1: stricthostkeychecking takes yes, no, ask or accept-new/],
    ['IdentitiesOnly\n', /:1: identitiesonly has no value/],
    ['User "open\n', /:1: a quote is not closed/],
    ['Match exec "true"\n', /:1: Match exec is not supported/],
    ['Match colour red\n', /:1: Match colour is not supported/],
    ['Match host\n', /:1: Match host has no value/],
    ['Host\n', /:1: host has no value/],
  ])('refuses %j', (config, message) => {
    expect(() => resolve(config)).toThrow(message)
  })

  it('runs no program for a Match exec that others have ruled out', () => {
    const never = join(folder, 'never')
    const { settings } = resolve(`Match host other exec "touch ${never}"\n  Port 1\nPort 2\n`)
    expect(settings.port).toBe(22)
  })

  it('stops at an Include that includes itself', () => {
    const loop = join(folder, 'loop')
    writeFileSync(loop, `Include ${loop}\n`)
    expect(() => resolve(`Include ${loop}\n`)).toThrow(/too many levels of Include/)
  })

  it('reads each file once, however many hosts ask', () => {
    const file = join(folder, 'once')
    writeFileSync(file, 'Port 1\n')
    const around = { files: configFiles(), home: homedir(), login, warn: () => undefined }
    const port = (): number =>
      resolveSettings(
        { name: 'a', connection: 'ssh', address: 'a', identityFiles: [], configFile: file },
        around,
      ).port
    expect(port()).toBe(1)
    writeFileSync(file, 'Port 2\n')
    expect(port()).toBe(1)
  })

  it('cuts words as ssh does', () => {
    const [line] = parseConfig(String.raw`UserKnownHostsFile "a b" 'c d' e\ f "g\"h" # not this`, 'f')
    expect(line?.words).toEqual(['a b', 'c d', 'e f', 'g"h'])
  })
})
