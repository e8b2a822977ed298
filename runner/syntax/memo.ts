import type { Diagnostic, Report } from '../errors.js'

/**
 * Work that reports as well as returns, done once for each key: later callers get the same result and the same reports.
 * Roles are used by many plays, and reading them is most of what a start costs.
 */
export function reportingMemo<K extends object, R>(): (
  key: K,
  report: Report,
  work: (report: Report) => R,
) => R {
  const done = new WeakMap<K, { readonly result: R; readonly reports: readonly Diagnostic[] }>()
  return (key, report, work) => {
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
    done.set(key, { result, reports })
    return result
  }
}
