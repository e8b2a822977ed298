import { isIPv6 } from 'node:net'
import { type Diagnostic, didYouMean, exitCodes, InputError } from '../errors.js'
import { type Inventory, localNames } from './inventory.js'

export interface PatternOptions {
  /** `--limit`: a second pattern; only hosts that both name are left. */
  readonly limit?: string | undefined
}

/**
 * The hosts that a pattern names, in the inventory's order for each of its terms (Ansible's rules): terms are joined
 * with `,` or `:`; first all plain ones are united, then `&` keeps, then `!` removes. A name that is no host and no
 * group is an error; a wildcard that matches nothing is not. Only `&` and `!` start from all hosts; a pattern of no terms,
 * such as an expression that gives an empty list, names none.
 * @throws InputError
 */
export function resolvePattern(
  inventory: Inventory,
  pattern: string | readonly string[],
  { limit }: PatternOptions = {},
): string[] {
  const hosts = evaluate(inventory, [pattern].flat().flatMap(splitPattern))
  if (limit === undefined) return hosts
  const limited = new Set(evaluate(inventory, splitPattern(limit)))
  return hosts.filter((host) => limited.has(host))
}

/** Cut a pattern into its terms; brackets, IPv6 addresses and regular expressions stay whole. */
export function splitPattern(pattern: string): string[] {
  const terms = pattern.includes(',') ? pattern.split(',') : [pattern]
  return terms
    .map((term) => term.trim())
    .flatMap((term) => (isWhole(term) ? [term] : (term.match(/(?:[^\s:[\]]|\[[^\]]*\])+/g) ?? [])))
    .filter((term) => term !== '')
}

function isWhole(term: string): boolean {
  const bare = term.replace(/^[&!]/, '')
  return bare.startsWith('~') || isIPv6(bare)
}

function evaluate(inventory: Inventory, terms: readonly string[]): string[] {
  if (terms.length === 0) return []
  const plain = terms.filter((term) => !/^[&!]/.test(term))
  const problems: Diagnostic[] = []
  const match = (term: string) => matchTerm(inventory, term, problems)
  let hosts = [...new Set((plain.length > 0 ? plain : ['all']).flatMap(match))]
  for (const term of terms.filter((each) => each.startsWith('&'))) {
    const kept = new Set(match(term.slice(1)))
    hosts = hosts.filter((host) => kept.has(host))
  }
  for (const term of terms.filter((each) => each.startsWith('!'))) {
    const removed = new Set(match(term.slice(1)))
    hosts = hosts.filter((host) => !removed.has(host))
  }
  if (problems.length > 0) throw new InputError(problems, exitCodes.noHosts)
  return hosts
}

function matchTerm(inventory: Inventory, term: string, problems: Diagnostic[]): readonly string[] {
  if (inventory.hosts.has(term)) return [term]
  const subscript = term.startsWith('~') ? null : /^(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/.exec(term)
  const name = subscript?.[1] ?? term
  const hosts = [...new Set(matchName(inventory, name, problems))]
  if (!subscript) return hosts
  const [, , index, from, to] = subscript
  if (index !== undefined) return hosts.at(Number(index)) === undefined ? [] : [hosts.at(Number(index))!]
  return hosts.slice(Number(from), to === '' ? undefined : Number(to) + 1)
}

function matchName(inventory: Inventory, name: string, problems: Diagnostic[]): string[] {
  const test = matcher(name, problems)
  const groups = [...inventory.groups.keys()].filter(test)
  const found = groups.flatMap((group) => inventory.hostsOf(group))
  if (groups.length === 0 || /^~|[.?*[]/.test(name)) found.push(...[...inventory.hosts.keys()].filter(test))
  if (found.length > 0 || groups.length > 0 || /^~|[?*[]/.test(name)) return found
  if (localNames.has(name)) return [name]
  problems.push(unknownName(inventory, name))
  return []
}

function unknownName(inventory: Inventory, name: string): Diagnostic {
  const meant = didYouMean(name, [...inventory.groups.keys(), ...inventory.hosts.keys()])
  const groups = [...inventory.groups.keys()].join(', ')
  const hint = meant ? `did you mean ${meant}?` : `groups: ${groups}`
  return { code: 'pattern', message: `no host or group is called ${name}`, hint }
}

/** A test for names: `~` a regular expression from the start on, else shell wildcards. */
function matcher(pattern: string, problems: Diagnostic[]): (name: string) => boolean {
  const source = pattern.startsWith('~') ? `^(?:${pattern.slice(1)})` : wildcard(pattern)
  try {
    const regexp = new RegExp(source, 's')
    return (name) => regexp.test(name)
  } catch {
    problems.push({ code: 'pattern', message: `${pattern} is no regular expression` })
    return () => false
  }
}

/** Python's fnmatch: `*`, `?`, `[seq]`, `[!seq]`. */
function wildcard(pattern: string): string {
  const source = pattern.replace(/\[(!?)(\]?[^\]]*)\]|[\s\S]/g, (each, not?: string, set?: string) => {
    if (set) return `[${not ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`
    if (each === '*') return '.*'
    return each === '?' ? '.' : each.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  })
  return `^(?:${source})$`
}
