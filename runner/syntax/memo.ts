import type { Diagnostic, Report } from '../errors.js'

interface Done<R> {
  readonly result: R
  readonly reports: readonly Diagnostic[]
}

/**
 * Work that reports as well as returns, done once for each key: later callers get the same result and the same reports.
 * Roles are used by many plays, and reading them is most of what a start costs. What is known is kept as long as the
 * key's owner, the file that it stands in: one weak reference a file, since collecting thousands costs more than the work.
 */
export function reportingMemo<K extends object, R>(
  ownerOf: (key: K) => object,
): (key: K, report: Report, work: (report: Report) => R) => R {
  const owners = new WeakMap<object, Map<K, Done<R>>>()
  const doneIn = (owner: object): Map<K, Done<R>> => {
    const known = owners.get(owner)
    if (known) return known
    const fresh = new Map<K, Done<R>>()
    owners.set(owner, fresh)
    return fresh
  }
  return (key, report, work) => {
    const done = doneIn(ownerOf(key))
    const known = done.get(key)
    if (known) {
      for (const diagnostic of known.reports) report(diagnostic)
      return known.result
    }
    const reports: Diagnostic[] = []
    const result = work((diagnostic) => {
      reports.push(diagnostic)
      report(diagnostic)
    })
    done.set(key, { result, reports: reports.length > 0 ? reports : none })
    return result
  }
}

const none: readonly Diagnostic[] = []
