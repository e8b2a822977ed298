import pLimit, { type LimitFunction } from 'p-limit'

export type Limit = LimitFunction

/** At most `count` at once; what waits when the run is interrupted is never started. */
export function createLimit(count: number): Limit {
  return pLimit({ concurrency: count, rejectOnClear: true })
}
