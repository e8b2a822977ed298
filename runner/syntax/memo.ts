import type { Diagnostic, Report } from '../errors.js'

/** What is known of the keys in one file. Most have nothing to report, and are not given a list for it. */
interface Known<K, R> {
  readonly results: Map<K, R>
  readonly reports: Map<K, readonly Diagnostic[]>
}

/**
 * Work that reports as well as returns, done once for each key: later callers get the same result and the same reports.
 * Roles are used by many plays, and reading them is most of what a start costs. What is known is kept as long as the
 * key's owner, the file that it stands in: one weak reference a file, since collecting thousands costs more than the work.
 */
export function reportingMemo<K extends object, R>(
  ownerOf: (key: K) => object,
): (key: K, report: Report, work: (report: Report) => R) => R {
  const owners = new WeakMap<object, Known<K, R>>()
  const knownIn = (owner: object): Known<K, R> => {
    const known = owners.get(owner) ?? { results: new Map(), reports: new Map() }
    owners.set(owner, known)
    return known
  }
  return (key, report, work) => {
    const { results, reports } = knownIn(ownerOf(key))
    if (results.has(key)) {
      for (const diagnostic of reports.get(key) ?? []) report(diagnostic)
      return results.get(key)!
    }
    const own: Diagnostic[] = []
    const result = work((diagnostic) => {
      own.push(diagnostic)
      report(diagnostic)
    })
    results.set(key, result)
    if (own.length > 0) reports.set(key, own)
    return result
  }
}
