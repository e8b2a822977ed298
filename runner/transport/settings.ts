import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AlgorithmKind } from './algorithms.js'
import { evaluateConfig } from './config.js'
import { toFlag, toPolicy, toSeconds } from './config-keywords.js'
import { type ConfigSurroundings, hostNameOf, type Values } from './config-state.js'
import { expandPath, expandTokens, type TokenSource } from './config-tokens.js'
import type { ConfigLine, HostKeyPolicy, Target } from './transport.js'

/** How to get to a host, resolved: what the target gives, then ssh_config, then defaults. */
export interface Settings {
  /** The inventory's name, or the jump host's as it was written: what messages use. */
  readonly name: string
  readonly alias: string
  readonly address: string
  readonly port: number
  readonly user: string
  readonly password: Target['password']
  /** Files of private keys; `given` ones were named by somebody, the others are OpenSSH's defaults that exist. */
  readonly identities: readonly { readonly file: string; readonly given: boolean }[]
  readonly certificates: readonly string[]
  readonly identitiesOnly: boolean
  /** The socket of the agent to ask. */
  readonly agent: string | undefined
  /** The socket of the agent that programs on the host may use. */
  readonly forwardAgent: string | undefined
  /** Ways to log in, in order. */
  readonly methods: readonly LoginMethod[]
  readonly batchMode: boolean
  readonly hostKeyAlias: string | undefined
  /** The user's, then the system's. New keys go into the first of the user's. */
  readonly knownHostsFiles: readonly string[]
  readonly globalKnownHostsFiles: readonly string[]
  readonly hashKnownHosts: boolean
  /** RevokedHostKeys: a file of public keys that no host may show. */
  readonly revokedHostKeys?: string | undefined
  readonly hostKeyPolicy: HostKeyPolicy
  readonly algorithms: Readonly<Record<AlgorithmKind, string | undefined>>
  readonly connectTimeoutMs: number
  readonly connectionAttempts: number | undefined
  readonly keepaliveMs: number | undefined
  readonly keepaliveCount: number | undefined
  readonly family: 0 | 4 | 6
  readonly bindAddress: string | undefined
  readonly proxyCommand: string | undefined
  /** Hosts to go through, in order, as they were written. */
  readonly jumps: readonly string[]
}

export type LoginMethod = 'publickey' | 'password' | 'keyboard-interactive'

const defaultTimeoutMs = 20_000
const defaultKeys = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk']
/** A password goes to `password` first: keyboard-interactive may ask anything. */
const defaultMethods: readonly LoginMethod[] = ['publickey', 'password', 'keyboard-interactive']

/** @throws ConnectError 'config' for an ssh_config that cannot be followed */
export function resolveSettings(target: Target, around: ConfigSurroundings): Settings {
  const given = [...givenLines(target), ...(target.sshArgs ?? [])]
  const values = evaluateConfig(target.address, given, target.configFile, around)
  const one = (keyword: string): string | undefined => values.get(keyword)?.[0]
  const flag = (keyword: string): boolean | undefined => toFlag(one(keyword) ?? '')
  const tokens: TokenSource = {
    ...around,
    alias: target.address,
    address: hostNameOf({ values, alias: target.address }),
    port: Number(one('port') ?? 22),
    user: one('user') ?? around.login,
    hostKeyAlias: one('hostkeyalias')?.toLowerCase(),
    jump: jumpsOf(values).at(-1) ?? '',
  }
  const { address, port, user } = tokens
  const command = one('proxycommand')
  return {
    name: target.name,
    alias: target.address,
    address,
    port,
    user,
    password: target.password,
    ...credentials(values, tokens),
    methods: methodsOf(values),
    batchMode: flag('batchmode') ?? false,
    hostKeyAlias: tokens.hostKeyAlias,
    ...knownHostsOf(values, tokens),
    hashKnownHosts: flag('hashknownhosts') ?? false,
    hostKeyPolicy: toPolicy(one('stricthostkeychecking') ?? '') ?? 'strict',
    algorithms: {
      hostkeyalgorithms: one('hostkeyalgorithms'),
      ciphers: one('ciphers'),
      kexalgorithms: one('kexalgorithms'),
      macs: one('macs'),
    },
    ...timing(one, target.connectTimeoutMs),
    family: ({ inet: 4, inet6: 6 }[one('addressfamily')?.toLowerCase() ?? ''] as 4 | 6 | undefined) ?? 0,
    bindAddress: one('bindaddress'),
    proxyCommand:
      command === undefined || command.toLowerCase() === 'none' ? undefined : expandTokens(command, tokens),
    jumps: jumpsOf(values),
  }
}

/** What the target says itself, as if it stood first in the file. */
function givenLines(target: Target): ConfigLine[] {
  const place = target.name
  const line = (keyword: string, ...words: readonly (string | number | undefined)[]): ConfigLine[] =>
    words.length === 0 || words[0] === undefined ? [] : [{ keyword, words: words.map(String), place }]
  const policy = target.hostKeyPolicy
  return [
    ...line('port', target.port),
    ...line('user', target.user),
    ...target.identityFiles.flatMap((file) => line('identityfile', file)),
    ...line('userknownhostsfile', ...(target.knownHostsFiles ?? [])),
    ...line(
      'stricthostkeychecking',
      policy && { strict: 'yes', 'accept-new': 'accept-new', off: 'no' }[policy],
    ),
  ]
}

function credentials(
  values: Values,
  tokens: TokenSource,
): Pick<Settings, 'identities' | 'certificates' | 'identitiesOnly' | 'agent' | 'forwardAgent'> {
  const paths = (values.get('identityfile') ?? []).filter((path) => path.toLowerCase() !== 'none')
  const named = paths.map((path) => ({ file: expandPath(path, tokens), given: true }))
  const defaults = defaultKeys
    .map((name) => ({ file: join(tokens.home, '.ssh', name), given: false }))
    .filter(({ file }) => existsSync(file))
  const agent = agentOf(values.get('identityagent')?.[0] ?? 'SSH_AUTH_SOCK', tokens)
  return {
    identities: values.has('identityfile') ? named : defaults,
    certificates: (values.get('certificatefile') ?? []).map((path) => expandPath(path, tokens)),
    identitiesOnly: toFlag(values.get('identitiesonly')?.[0] ?? '') ?? false,
    agent,
    forwardAgent: forwardedAgent(values.get('forwardagent')?.[0] ?? 'no', agent, tokens),
  }
}

/** IdentityAgent: a socket, a variable that names one (`$NAME`, `SSH_AUTH_SOCK`), or `none`. */
function agentOf(value: string, tokens: TokenSource): string | undefined {
  if (value.toLowerCase() === 'none') return undefined
  const variable = value === 'SSH_AUTH_SOCK' ? value : /^\$(\w+)$/.exec(value)?.[1]
  return (variable ? process.env[variable] : expandPath(value, tokens)) || undefined
}

function forwardedAgent(value: string, agent: string | undefined, tokens: TokenSource): string | undefined {
  const flag = toFlag(value)
  return flag === undefined ? agentOf(value, tokens) : flag ? agent : undefined
}

function methodsOf(values: Values): LoginMethod[] {
  const off = (keyword: string): boolean => toFlag(values.get(keyword)?.[0] ?? '') === false
  const switches: Readonly<Record<LoginMethod, string>> = {
    publickey: 'pubkeyauthentication',
    password: 'passwordauthentication',
    'keyboard-interactive': 'kbdinteractiveauthentication',
  }
  const preferred = values.get('preferredauthentications')?.flatMap((word) => word.split(','))
  const wanted = preferred?.map((name) => name.trim()) ?? defaultMethods
  return wanted.filter(isMethod).filter((method) => !off(switches[method]))
}

function isMethod(name: string): name is LoginMethod {
  return (defaultMethods as readonly string[]).includes(name)
}

function knownHostsOf(
  values: Values,
  tokens: TokenSource,
): Pick<Settings, 'knownHostsFiles' | 'globalKnownHostsFiles' | 'revokedHostKeys'> {
  const files = (keyword: string, defaults: readonly string[]): string[] =>
    (values.get(keyword) ?? defaults)
      .filter((path) => path.toLowerCase() !== 'none')
      .map((path) => expandPath(path, tokens))
  return {
    revokedHostKeys: files('revokedhostkeys', [])[0],
    knownHostsFiles: files('userknownhostsfile', ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    globalKnownHostsFiles: files('globalknownhostsfile', [
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ]),
  }
}

/** ServerAliveInterval 0 is OpenSSH's default: it does not switch the keepalive off, or a silent host would hang a run. */
function timing(
  one: (keyword: string) => string | undefined,
  givenTimeoutMs: number | undefined,
): Pick<Settings, 'connectTimeoutMs' | 'connectionAttempts' | 'keepaliveMs' | 'keepaliveCount'> {
  const milliseconds = (keyword: string): number | undefined =>
    (toSeconds(one(keyword) ?? '') || 0) * 1000 || undefined
  const count = (keyword: string): number | undefined => Number(one(keyword) ?? 0) || undefined
  return {
    connectTimeoutMs: givenTimeoutMs ?? milliseconds('connecttimeout') ?? defaultTimeoutMs,
    connectionAttempts: count('connectionattempts'),
    keepaliveMs: milliseconds('serveraliveinterval'),
    keepaliveCount: count('serveralivecountmax'),
  }
}

function jumpsOf(values: Values): string[] {
  const value = values.get('proxyjump')?.[0] ?? 'none'
  return value.toLowerCase() === 'none' ? [] : value.split(',').map((hop) => hop.trim())
}
