import type { HostTaskResult, RunEvent, TaskInfo } from '../../runner/events.js'

/** A task as it ran once: in a batch, for all of its hosts. */
export interface Ran {
  readonly task: TaskInfo
  /** Of the hosts that did not skip it. */
  readonly results: readonly HostTaskResult[]
  /** As long as the slowest host took. */
  readonly seconds: number
}

/** The tasks of a run, in their order, from what `--output jsonl` printed. */
export function timeline(jsonl: string): Ran[] {
  const events = jsonl
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as RunEvent)
  const starts = events.flatMap((event, at) =>
    event.type === 'task_started' ? [{ at, task: event.task }] : [],
  )
  return starts.flatMap(({ at, task }, nth) => {
    const until = starts.findIndex((later, i) => i > nth && later.task.id === task.id)
    const own = events.slice(at, until < 0 ? undefined : starts[until]!.at)
    const results = own.flatMap((event) =>
      event.type === 'host_finished' && event.task.id === task.id && event.result.status !== 'skipped'
        ? [event.result]
        : [],
    )
    const seconds = Math.max(0, ...results.map((result) => result.durationMs)) / 1000
    return results.length === 0 ? [] : [{ task, results, seconds }]
  })
}
