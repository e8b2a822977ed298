import { readFileSync } from 'node:fs'
import { parseArguments } from './arguments.js'
import { type Diagnostic, InputError } from './errors.js'
import { EvaluationError } from './expression/compiled.js'
import { readExtraVars } from './extra-vars.js'
import { expandLimit } from './inventory/limit.js'
import { parseSshArgs } from './inventory/ssh-args.js'
import type { HostKeyPolicy } from './transport/transport.js'

/** Every option of the command line: its type, short form, what follows it, and what it means. Ansible's names. */
export const optionTable = {
  inventory: {
    type: 'string',
    short: 'i',
    alias: 'inventory-file',
    multiple: true,
    value: 'PATH',
    help: 'inventory file, or a list: host1,host2,',
  },
  limit: {
    type: 'string',
    short: 'l',
    value: 'PATTERN',
    help: 'only these hosts; @file holds one pattern a line',
  },
  check: { type: 'boolean', short: 'C', help: 'say what would change; write nothing' },
  diff: { type: 'boolean', short: 'D', help: 'show differences of what changes' },
  'fail-on-change': { type: 'boolean', help: 'with --check: exit 3 when something would change' },
  'extra-vars': {
    type: 'string',
    short: 'e',
    multiple: true,
    value: 'VARS',
    help: 'key=value, YAML or JSON, or @file',
  },
  tags: {
    type: 'string',
    short: 't',
    multiple: true,
    value: 'TAGS',
    help: 'only what has one of these tags',
  },
  'skip-tags': { type: 'string', multiple: true, value: 'TAGS', help: 'not what has one of these tags' },
  'start-at-task': { type: 'string', value: 'NAME', help: 'begin at the first task of that name, or glob' },
  step: { type: 'boolean', help: 'ask before each task' },
  'force-handlers': { type: 'boolean', help: 'run notified handlers on hosts that failed, too' },
  forks: { type: 'string', short: 'f', value: 'N', help: 'how many hosts work at once (50)' },
  user: { type: 'string', short: 'u', value: 'USER', help: 'the user to connect as' },
  connection: { type: 'string', short: 'c', value: 'KIND', help: 'ssh (default) or local' },
  'private-key': { type: 'string', alias: 'key-file', value: 'FILE', help: 'the key to connect with' },
  'ask-pass': { type: 'boolean', short: 'k', help: 'ask for the password to connect with' },
  'connection-password-file': {
    type: 'string',
    alias: 'conn-pass-file',
    value: 'FILE',
    help: 'read that password from a file, - for stdin',
  },
  'ssh-common-args': { type: 'string', value: 'ARGS', help: "arguments as ssh takes them: '-o ProxyJump=a'" },
  'ssh-extra-args': { type: 'string', value: 'ARGS', help: 'more of them; the common ones win' },
  timeout: { type: 'string', short: 'T', value: 'SECONDS', help: 'how long connecting may take (20)' },
  'host-key-checking': { type: 'string', value: 'POLICY', help: 'strict (default), accept-new or off' },
  become: { type: 'boolean', short: 'b', help: 'become another user for every task' },
  'become-user': { type: 'string', value: 'USER', help: 'whom to become (root)' },
  'become-method': { type: 'string', value: 'METHOD', help: 'sudo (default), su or doas' },
  'ask-become-pass': { type: 'boolean', short: 'K', help: 'ask for the password to become' },
  'become-password-file': {
    type: 'string',
    alias: 'become-pass-file',
    value: 'FILE',
    help: 'read that password from a file, - for stdin',
  },
  'lock-wait': {
    type: 'string',
    value: 'SECONDS',
    help: 'wait so long for another run that changes a host (30)',
  },
  journal: {
    type: 'string',
    value: 'FOLDER',
    help: 'where the run is recorded (~/.local/state/tsplay/journal), or none',
  },
  'syntax-check': { type: 'boolean', help: 'only read and check the files' },
  'list-hosts': { type: 'boolean', help: 'only list the hosts of each play' },
  'list-tasks': { type: 'boolean', help: 'only list the tasks of each play' },
  'list-tags': { type: 'boolean', help: 'only list the tags of each play' },
  output: { type: 'string', value: 'KIND', help: 'auto (default), tty, plain or jsonl' },
  verbose: { type: 'boolean', short: 'v', multiple: true, help: 'say more; -vv shows results' },
  version: { type: 'boolean', help: 'print the version' },
  help: { type: 'boolean', short: 'h', help: 'print this page' },
} as const satisfies Record<string, OptionRow>

const noVault = 'there is no vault here: give secrets by a prompt, by -e @file or by readFile'

/** Options of ansible-playbook that there are not, and why. */
export const refusedOptions: Readonly<Record<string, string>> = {
  'flush-cache': 'facts are kept for one run only',
  M: 'modules of your own stand in library/ beside the playbook',
  'module-path': 'modules of your own stand in library/ beside the playbook',
  'scp-extra-args': 'files go over the session: there is no scp',
  'sftp-extra-args': 'files go over the session: there is no sftp',
  J: noVault,
  'ask-vault-pass': noVault,
  'ask-vault-password': noVault,
  'vault-id': noVault,
  'vault-pass-file': noVault,
  'vault-password-file': noVault,
}

interface OptionRow {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** Another name for it, which the help leaves out. */
  readonly alias?: string
  readonly multiple?: boolean
  readonly value?: string
  readonly help: string
}

export type OutputKind = 'auto' | 'tty' | 'plain' | 'jsonl'

/** The command line, read and checked. */
export interface CliOptions {
  readonly playbooks: readonly string[]
  readonly inventories: readonly string[]
  readonly limit: string | undefined
  readonly check: boolean
  readonly diff: boolean
  readonly failOnChange: boolean
  readonly extraVars: ReadonlyMap<string, unknown>
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  readonly startAtTask: string | undefined
  readonly step: boolean
  readonly forceHandlers: boolean
  readonly forks: number
  readonly user: string | undefined
  readonly connection: string | undefined
  readonly privateKey: string | undefined
  readonly askPass: boolean
  readonly connectionPasswordFile: string | undefined
  readonly sshCommonArgs: string | undefined
  readonly sshExtraArgs: string | undefined
  /** Milliseconds. */
  readonly connectTimeoutMs: number | undefined
  readonly hostKeyPolicy: HostKeyPolicy | undefined
  readonly become: boolean
  readonly becomeUser: string | undefined
  readonly becomeMethod: string | undefined
  readonly askBecomePass: boolean
  readonly becomePasswordFile: string | undefined
  readonly lockWaitSeconds: number
  /** The folder of the journal, or `none`. */
  readonly journal: string | undefined
  readonly syntaxCheck: boolean
  readonly listHosts: boolean
  readonly listTasks: boolean
  readonly listTags: boolean
  readonly output: OutputKind
  readonly verbosity: number
  readonly version: boolean
  readonly help: boolean
  /** What in `-e` may not mean what was meant. */
  readonly warnings: readonly Diagnostic[]
}

/** Two ways to give one password. */
const passwordOptions = [
  ['ask-pass', 'connection-password-file'],
  ['ask-become-pass', 'become-password-file'],
] as const

/** @throws InputError naming every option that is wrong */
export function parseOptions(argv: readonly string[]): CliOptions {
  const { values, positionals } = parseArguments('tsplay', argv, optionTable, refusedOptions)
  const problems: Diagnostic[] = []
  const options: CliOptions = {
    playbooks: positionals,
    inventories: values.inventory ?? [],
    limit: values.limit === undefined ? undefined : expandLimit(values.limit, readLimitFile),
    check: values.check ?? false,
    diff: values.diff ?? false,
    failOnChange: values['fail-on-change'] ?? false,
    extraVars: readExtraVars(values['extra-vars'] ?? [], problems),
    tags: words(values.tags),
    skipTags: words(values['skip-tags']),
    startAtTask: values['start-at-task'],
    step: values.step ?? false,
    forceHandlers: values['force-handlers'] ?? false,
    forks: number('--forks', values.forks, problems) ?? 50,
    user: values.user,
    connection: choice('--connection', values.connection, ['ssh', 'smart', 'paramiko', 'local'], problems),
    privateKey: values['private-key'],
    askPass: values['ask-pass'] ?? false,
    connectionPasswordFile: values['connection-password-file'],
    sshCommonArgs: sshArgs('--ssh-common-args', values['ssh-common-args'], problems),
    sshExtraArgs: sshArgs('--ssh-extra-args', values['ssh-extra-args'], problems),
    connectTimeoutMs: milliseconds(number('--timeout', values.timeout, problems)),
    hostKeyPolicy: choice(
      '--host-key-checking',
      values['host-key-checking'],
      ['strict', 'accept-new', 'off'],
      problems,
    ),
    lockWaitSeconds: number('--lock-wait', values['lock-wait'], problems) ?? 30,
    journal: values.journal,
    become: values.become ?? false,
    becomeUser: values['become-user'],
    becomeMethod: choice('--become-method', values['become-method'], ['sudo', 'su', 'doas'], problems),
    askBecomePass: values['ask-become-pass'] ?? false,
    becomePasswordFile: values['become-password-file'],
    syntaxCheck: values['syntax-check'] ?? false,
    listHosts: values['list-hosts'] ?? false,
    listTasks: values['list-tasks'] ?? false,
    listTags: values['list-tags'] ?? false,
    output: choice('--output', values.output, ['auto', 'tty', 'plain', 'jsonl'], problems) ?? 'auto',
    verbosity: values.verbose?.length ?? 0,
    version: values.version ?? false,
    help: values.help ?? false,
    warnings: problems.filter(({ severity }) => severity === 'warning'),
  }
  if (options.failOnChange && !options.check)
    problems.push({ code: 'option', message: '--fail-on-change goes with --check' })
  for (const [asks, file] of passwordOptions)
    if (values[asks] && values[file] !== undefined)
      problems.push({ code: 'option', message: `--${asks} and --${file} do not go together` })
  if (problems.length > options.warnings.length) throw new InputError(problems)
  return options
}

function readLimitFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function number(name: string, text: string | undefined, problems: Diagnostic[]): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  problems.push({ code: 'option', message: `${name} must be a whole number above zero, not '${text}'` })
  return undefined
}

/** `-t a,b -t c` are three. */
function words(values: readonly string[] = []): string[] {
  return values.flatMap((value) => value.split(',').map((word) => word.trim())).filter(Boolean)
}

function milliseconds(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 1000
}

function choice<T extends string>(
  name: string,
  text: string | undefined,
  known: readonly T[],
  problems: Diagnostic[],
): T | undefined {
  const found = known.find((value) => value === text)
  if (text !== undefined && !found)
    problems.push({ code: 'option', message: `${name} must be one of ${known.join(', ')}, not '${text}'` })
  return found
}

/** Read here only to be refused here: before any host is touched. */
function sshArgs(name: string, text: string | undefined, problems: Diagnostic[]): string | undefined {
  try {
    if (text !== undefined) parseSshArgs(text)
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    problems.push({ code: 'option', message: `${name}: ${error.message}`, hint: error.hint })
  }
  return text
}
