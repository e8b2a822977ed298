import { CommandError } from '../core/log.js'

/** Words and flags of one kubectl call. Repeated flags keep all values. */
export interface Args {
  words: string[]
  flags: Map<string, string[]>
}

const short: Record<string, string> = {
  n: 'namespace',
  o: 'output',
  l: 'selector',
  f: 'filename',
  A: 'all-namespaces',
  R: 'recursive',
  w: 'watch',
}

const switches = new Set([
  'all-namespaces',
  'all',
  'no-headers',
  'ignore-daemonsets',
  'delete-emptydir-data',
  'delete-local-data',
  'force',
  'overwrite',
  'wait',
  'now',
  'ignore-not-found',
  'recursive',
  'show-labels',
  'client',
  'disable-eviction',
  'insecure-skip-tls-verify',
  'watch',
  'server-side',
  'force-conflicts',
  'validate',
  'list',
  'show-managed-fields',
])

const valued = new Set([
  'namespace',
  'output',
  'selector',
  'filename',
  'raw',
  'kubeconfig',
  'context',
  'timeout',
  'grace-period',
  'for',
  'request-timeout',
  'field-selector',
  'sort-by',
  'server',
  'pod-selector',
  'cascade',
  'dry-run',
  'patch',
  'type',
  'field-manager',
  'subresource',
  'cluster',
  'user',
  'skip-wait-for-delete-timeout',
  'chunk-size',
  'v',
  'for-each',
  'kustomize',
  'resource-version',
  'poll-interval',
])

/** Reads kubectl's flags. @throws CommandError for an unknown one, with kubectl's words */
export function parseArgs(argv: readonly string[]): Args {
  const args: Args = { words: [], flags: new Map() }
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i] ?? ''
    if (!/^-./.test(word)) {
      args.words.push(word)
      continue
    }
    const [name, inline] = split(word)
    const bare = inline ?? (switches.has(name) ? 'true' : argv[++i])
    if (!switches.has(name) && !valued.has(name))
      throw new CommandError(
        `error: unknown ${word.startsWith('--') ? 'flag' : 'shorthand flag'}: ${word}\nSee 'kubectl --help' for usage.`,
      )
    if (bare === undefined) throw new CommandError(`error: flag needs an argument: ${word}`)
    args.flags.set(name, [...(args.flags.get(name) ?? []), bare])
  }
  return args
}

function split(word: string): [string, string | undefined] {
  const long = /^--([^=]+)(?:=([\s\S]*))?$/.exec(word)
  if (long !== null) return [long[1] ?? '', long[2]]
  const letter = word[1] ?? ''
  const name = short[letter] ?? (letter === 'p' ? 'patch' : letter)
  const rest = word.slice(2).replace(/^=/, '')
  return [name, rest === '' ? undefined : rest]
}

export function flag(args: Args, name: string): string | undefined {
  return args.flags.get(name)?.at(-1)
}

export function isOn(args: Args, name: string): boolean {
  const value = flag(args, name)
  return value !== undefined && value !== 'false'
}

/** `5m30s`, `10s`, `90` (seconds) as milliseconds; 0 stays 0. */
export function durationMs(text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text) * 1000
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g))
    total += Number(amount) * ({ h: 3_600_000, m: 60_000, s: 1000, ms: 1 }[unit as 'h'] ?? 0)
  if (total === 0 && !/^0/.test(text))
    throw new CommandError(`error: invalid argument ${JSON.stringify(text)} for duration`)
  return total
}
