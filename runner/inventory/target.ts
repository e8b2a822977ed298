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
  readonly sshCommonArgs?: string | undefined
  readonly sshExtraArgs?: string | undefined
  readonly hostKeyPolicy?: HostKeyPolicy | undefined
  readonly connectTimeoutMs?: number | undefined
}

/**
 * Where and as whom to connect for a host, from its variables (`ansible_host`, `ansible_port`, `ansible_user`, …). What
 * neither they nor the options say is left to ~/.ssh/config.
 * @throws EvaluationError if a variable cannot be used
 */
export function targetOf(name: string, scope: Scope, options: TargetOptions = {}): Target {
  const args = sshArgs(scope, options)
  const port = readText(scope, 'ansible_port', 'ansible_ssh_port') ?? options.port
  const policy = policyOf(scope, options)
  return {
    name,
    connection: connectionOf(name, scope, options),
    address: bareAddress(readText(scope, 'ansible_host', 'ansible_ssh_host') ?? name),
    port: port === undefined || port === null ? undefined : toPort(port, `the port of ${name}`),
    user: readText(scope, 'ansible_user', 'ansible_ssh_user') ?? options.user,
    identityFiles: identityFiles(scope, options),
    password:
      readSecret(scope, 'ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password') ?? options.password,
    hostKeyPolicy: policy,
    hopHostKeyPolicy: options.hostKeyPolicy,
    connectTimeoutMs: timeoutOf(scope) ?? options.connectTimeoutMs,
    sshArgs: args.lines,
    configFile: args.configFile,
  }
}

/** An IPv6 address may stand in brackets, as it does before a port. */
function bareAddress(address: string): string {
  return /^\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]$/.exec(address)?.[1] ?? address
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

function sshArgs(scope: Scope, options: TargetOptions): SshArgs {
  const texts = [
    readText(scope, 'ansible_ssh_args'),
    readText(scope, 'ansible_ssh_common_args') ?? options.sshCommonArgs,
    readText(scope, 'ansible_ssh_extra_args') ?? options.sshExtraArgs,
  ]
  return parseSshArgs(texts.filter((text) => text !== undefined).join(' '))
}

function connectionOf(name: string, scope: Scope, options: TargetOptions): Target['connection'] {
  const wanted = readText(scope, 'ansible_connection') ?? options.connection
  if (wanted === undefined) return localNames.has(name) && !readText(scope, 'ansible_host') ? 'local' : 'ssh'
  if (wanted === 'local' || wanted === 'ansible.builtin.local') return 'local'
  if (/^(?:ssh|smart|paramiko|paramiko_ssh|ansible\.builtin\.ssh)$/.test(wanted)) return 'ssh'
  throw new EvaluationError(`the connection ${wanted} is not supported`, undefined, 'use ssh or local')
}

function identityFiles(scope: Scope, options: TargetOptions): string[] {
  const own =
    readText(scope, 'ansible_ssh_private_key_file', 'ansible_private_key_file') ?? options.privateKey
  return own === undefined ? [] : [own]
}

/** `ansible_host_key_checking: false` is Ansible's way to say "off". An option of this run wins. */
function policyOf(scope: Scope, options: TargetOptions): HostKeyPolicy | undefined {
  if (options.hostKeyPolicy) return options.hostKeyPolicy
  const checking = readBoolean(scope, 'ansible_ssh_host_key_checking', 'ansible_host_key_checking')
  return checking === false ? 'off' : undefined
}

function timeoutOf(scope: Scope): number | undefined {
  const text = readText(scope, 'ansible_ssh_timeout', 'ansible_timeout')
  if (text === undefined) return undefined
  if (/^[0-9]+$/.test(text) && Number(text) > 0) return Number(text) * 1000
  throw new EvaluationError(`ansible_timeout: ${text} is no number of seconds`)
}
