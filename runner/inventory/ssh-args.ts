import { EvaluationError } from '../expression/index.js'
import type { HostKeyPolicy } from '../transport/transport.js'

/** What the ssh arguments of an inventory ask for, as far as it is understood. */
export interface SshArgs {
  readonly user?: string
  readonly port?: string
  readonly identityFiles: readonly string[]
  readonly knownHostsFiles: readonly string[]
  readonly hostKeyPolicy?: HostKeyPolicy
  readonly connectTimeoutMs?: number
}

/** Draft of the above. */
type Draft = { -readonly [K in keyof SshArgs]: SshArgs[K] } & {
  identityFiles: string[]
  knownHostsFiles: string[]
}

/** Options that only tune OpenSSH's own processes: one connection a host is kept here anyway. */
const harmless = new Set([
  'controlmaster',
  'controlpath',
  'controlpersist',
  'compression',
  'batchmode',
  'loglevel',
])

const policies: Readonly<Record<string, HostKeyPolicy>> = {
  yes: 'strict',
  ask: 'strict',
  no: 'off',
  off: 'off',
  'accept-new': 'accept-new',
}

/**
 * Read `ansible_ssh_common_args` and its kin. What tsplay cannot do as OpenSSH does is refused by name: to pass over a
 * `ProxyCommand` would connect somewhere else.
 * @throws EvaluationError
 */
export function parseSshArgs(text: string): SshArgs {
  const draft: Draft = { identityFiles: [], knownHostsFiles: [] }
  const words = splitWords(text)
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (/^-[CqTx4]$/.test(word)) continue
    const flag = /^-([oipl])(.*)$/s.exec(word)
    if (!flag) throw refused(word)
    const value = flag[2] !== '' ? flag[2]! : words[++index]
    if (value === undefined) throw new EvaluationError(`the ssh argument ${word} has no value`)
    if (flag[1] === 'o') setOption(draft, value)
    else setFlag(draft, flag[1]!, value)
  }
  return draft
}

function setFlag(draft: Draft, flag: string, value: string): void {
  if (flag === 'i') draft.identityFiles.push(value)
  if (flag === 'p') draft.port = value
  if (flag === 'l') draft.user = value
}

function setOption(draft: Draft, option: string): void {
  const match = /^\s*(\w+)(?:\s*=\s*|\s+)(.*?)\s*$/s.exec(option)
  if (!match) throw refused(`-o ${option}`)
  const [, name = '', value = ''] = match
  switch (name.toLowerCase()) {
    case 'userknownhostsfile':
      draft.knownHostsFiles.push(...splitWords(value))
      return
    case 'identityfile':
      draft.identityFiles.push(value)
      return
    case 'port':
      draft.port = value
      return
    case 'user':
      draft.user = value
      return
    case 'connecttimeout':
      draft.connectTimeoutMs = seconds(value)
      return
    case 'stricthostkeychecking':
      draft.hostKeyPolicy = policyOf(value)
      return
  }
  if (!harmless.has(name.toLowerCase())) throw refused(`-o ${name}`)
}

/** The host-key policy that a value of StrictHostKeyChecking means. */
function policyOf(value: string): HostKeyPolicy {
  const policy = Object.hasOwn(policies, value.toLowerCase()) ? policies[value.toLowerCase()] : undefined
  if (policy) return policy
  throw new EvaluationError(`StrictHostKeyChecking=${value} is not known`, undefined, 'yes, no or accept-new')
}

function seconds(value: string): number {
  if (/^[0-9]+$/.test(value) && Number(value) > 0) return Number(value) * 1000
  throw new EvaluationError(`ConnectTimeout=${value} is no number of seconds`)
}

function refused(what: string): EvaluationError {
  const hint = 'leave it out; jump hosts and the like belong in ~/.ssh/config'
  return new EvaluationError(`the ssh argument ${what} is not supported`, undefined, hint)
}

/** Words as a shell would cut them: quotes and backslashes keep blanks. */
export function splitWords(text: string): string[] {
  const words: string[] = []
  const pattern = /(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+/gs
  const rest = text.replace(pattern, (word) => {
    words.push(word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs, unquoted))
    return ''
  })
  if (rest.trim() !== '') throw new EvaluationError(`a quote is not closed in: ${text}`)
  return words
}

function unquoted(_: string, single?: string, double?: string, escaped?: string): string {
  return single ?? escaped ?? (double ?? '').replace(/\\(.)/gs, '$1')
}
