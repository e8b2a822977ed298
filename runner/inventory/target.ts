import { homedir, userInfo } from 'node:os'
import { EvaluationError, type Scope } from '../expression/index.js'
import { Secret } from '../secrets/secret.js'
import type { Become, HostKeyPolicy, Target } from '../transport/transport.js'
import { localNames } from './inventory.js'
import { parseSshArgs, type SshArgs } from './ssh-args.js'
import { readBoolean, readSecret, readText, toPort } from './values.js'

/** What options and keywords say of a connection; a variable of the host wins over them (Ansible's rule). */
export interface TargetOptions {
  readonly user?: string | undefined
  readonly port?: unknown
  readonly connection?: string | undefined
  readonly privateKey?: string | undefined
  readonly password?: Secret | undefined
  readonly hostKeyPolicy?: HostKeyPolicy | undefined
  readonly connectTimeoutMs?: number | undefined
  /** Who runs tsplay, and where their home is; asked from the system where it is not given. */
  readonly home?: string | undefined
  readonly login?: string | undefined
}

const defaultTimeoutMs = 20_000
const knownHosts = [
  '~/.ssh/known_hosts',
  '~/.ssh/known_hosts2',
  '/etc/ssh/ssh_known_hosts',
  '/etc/ssh/ssh_known_hosts2',
]

/**
 * Where and as whom to connect for a host, from its variables (`ansible_host`, `ansible_port`, `ansible_user`, …).
 * @throws EvaluationError if a variable cannot be used
 */
export function targetOf(name: string, scope: Scope, options: TargetOptions = {}): Target {
  const args = sshArgs(scope)
  const home = options.home ?? homedir()
  const port = readText(scope, 'ansible_port', 'ansible_ssh_port') ?? args.port ?? options.port ?? 22
  return {
    name,
    connection: connectionOf(name, scope, options),
    address: readText(scope, 'ansible_host', 'ansible_ssh_host') ?? name,
    port: toPort(port, `the port of ${name}`),
    user:
      readText(scope, 'ansible_user', 'ansible_ssh_user') ?? args.user ?? options.user ?? loginOf(options),
    identityFiles: identityFiles(scope, args, options).map((path) => expandHome(path, home)),
    password:
      readSecret(scope, 'ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password') ?? options.password,
    knownHostsFiles: (args.knownHostsFiles.length > 0 ? args.knownHostsFiles : knownHosts).map((path) =>
      expandHome(path, home),
    ),
    hostKeyPolicy: policyOf(scope, args, options),
    connectTimeoutMs:
      timeoutOf(scope) ?? args.connectTimeoutMs ?? options.connectTimeoutMs ?? defaultTimeoutMs,
  }
}

/** What options and keywords say of becoming another user. */
export interface BecomeOptions {
  readonly become?: boolean | undefined
  readonly user?: string | undefined
  readonly method?: string | undefined
  readonly password?: Secret | string | undefined
}

const methods = new Set<string>(['sudo', 'su', 'doas'])

/**
 * Whom to become, if anybody: `ansible_become`, `_user`, `_method` and `_password` of the host win over keywords.
 * @throws EvaluationError for a method that is not supported
 */
export function becomeOf(scope: Scope, options: BecomeOptions = {}): Become | undefined {
  if (!(readBoolean(scope, 'ansible_become') ?? options.become)) return undefined
  for (const name of ['ansible_become_flags', 'ansible_become_exe'])
    if (readText(scope, name))
      throw new EvaluationError(`${name} is not supported`, undefined, 'leave it out')
  const method = readText(scope, 'ansible_become_method') ?? options.method ?? 'sudo'
  if (!isMethod(method))
    throw new EvaluationError(
      `the become method ${method} is not supported`,
      undefined,
      'use sudo, su or doas',
    )
  const given = options.password
  const password =
    readSecret(scope, 'ansible_become_password', 'ansible_become_pass', `ansible_${method}_pass`) ??
    (typeof given === 'string' ? new Secret(given) : given)
  return { method, user: readText(scope, 'ansible_become_user') ?? options.user ?? 'root', password }
}

function isMethod(method: string): method is Become['method'] {
  return methods.has(method)
}

function sshArgs(scope: Scope): SshArgs {
  const names = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args']
  return parseSshArgs(names.flatMap((name) => readText(scope, name) ?? []).join(' '))
}

function connectionOf(name: string, scope: Scope, options: TargetOptions): Target['connection'] {
  const wanted = readText(scope, 'ansible_connection') ?? options.connection
  if (wanted === undefined) return localNames.has(name) && !readText(scope, 'ansible_host') ? 'local' : 'ssh'
  if (wanted === 'local' || wanted === 'ansible.builtin.local') return 'local'
  if (/^(?:ssh|smart|paramiko|paramiko_ssh|ansible\.builtin\.ssh)$/.test(wanted)) return 'ssh'
  throw new EvaluationError(`the connection ${wanted} is not supported`, undefined, 'use ssh or local')
}

function identityFiles(scope: Scope, args: SshArgs, options: TargetOptions): string[] {
  const own =
    readText(scope, 'ansible_ssh_private_key_file', 'ansible_private_key_file') ?? options.privateKey
  return [...new Set([...(own === undefined ? [] : [own]), ...args.identityFiles])]
}

/** `ansible_host_key_checking: false` is Ansible's way to say "off". An option of this run wins. */
function policyOf(scope: Scope, args: SshArgs, options: TargetOptions): HostKeyPolicy {
  if (options.hostKeyPolicy) return options.hostKeyPolicy
  const checking = readBoolean(scope, 'ansible_ssh_host_key_checking', 'ansible_host_key_checking')
  return checking === false ? 'off' : (args.hostKeyPolicy ?? 'strict')
}

function timeoutOf(scope: Scope): number | undefined {
  const text = readText(scope, 'ansible_ssh_timeout', 'ansible_timeout')
  if (text === undefined) return undefined
  if (/^[0-9]+$/.test(text) && Number(text) > 0) return Number(text) * 1000
  throw new EvaluationError(`ansible_timeout: ${text} is no number of seconds`)
}

function loginOf({ login }: TargetOptions): string {
  return login ?? userInfo().username
}

function expandHome(path: string, home: string): string {
  return path === '~' || path.startsWith('~/') ? home + path.slice(1) : path
}
