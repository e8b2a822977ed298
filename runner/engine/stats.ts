import { type ExitCode, exitCodes } from '../errors.js'
import type { HostStats, HostTaskResult } from '../events.js'

export function emptyStats(): HostStats {
  return {
    ok: 0,
    changed: 0,
    unreachable: 0,
    failed: 0,
    skipped: 0,
    rescued: 0,
    ignored: 0,
    locked: 0,
    unknown: 0,
  }
}

/**
 * Ansible's counting: `ok` counts changed ones too, an ignored failure is ok and ignored (and changed, where it changed
 * something), a rescued one is rescued and not failed.
 */
export function countResult(stats: HostStats, result: HostTaskResult, rescued: boolean): void {
  const failing = result.status === 'failed' || result.status === 'unreachable'
  if (failing && result.ignored) {
    stats.ok++
    stats.ignored++
    if (result.items.some((item) => item.status === 'changed' || item.result.changed === true))
      stats.changed++
  } else if (result.status === 'failed' && rescued) stats.rescued++
  else if (result.status === 'changed') {
    stats.ok++
    stats.changed++
  } else stats[result.status]++
}

/** The exit code of a run that came to its end: a failure wins over a lock, that over an unreachable host or a change. */
export function exitCodeOf(stats: Iterable<HostStats>, options: { failOnChange: boolean }): ExitCode {
  const all = [...stats]
  const any = (counter: keyof HostStats): boolean => all.some((host) => host[counter] > 0)
  if (any('failed')) return exitCodes.failed
  if (any('locked')) return exitCodes.locked
  if (any('unreachable')) return exitCodes.unreachable
  if (options.failOnChange && (any('changed') || any('unknown'))) return exitCodes.wouldChange
  return exitCodes.ok
}
