import type { HostTaskResult, Reporter, RunEvent, TaskInfo } from '../events.js'
import { closingLine, createPaint, customLines, recapLines, sanitize, seconds, taskTitle } from './format.js'
import { resultLines } from './results.js'

export interface PlainOptions {
  readonly colour: boolean
  /** 0: what changed or failed; 1: what every host said; 2: results and live output too. */
  readonly verbosity: number
  write(text: string): void
}

/** A log of lines: for pipes, CI, and terminals that are not to be redrawn. */
export function createPlainReporter(options: PlainOptions): Reporter {
  const paint = createPaint(options.colour)
  const say = (text: string): void => options.write(`${text}\n`)
  const results = new Map<TaskInfo['id'], HostTaskResult[]>()

  const finish = (task: TaskInfo): void => {
    const all = results.get(task.id) ?? []
    results.delete(task.id)
    if (all.length === 0) return
    say(`  ${taskTitle(task)}  ${paint('gray', counts(all))}`)
    for (const line of resultLines(all, { verbosity: options.verbosity, paint })) say(`    ${line}`)
  }

  const handlers: { [T in RunEvent['type']]?: (event: Extract<RunEvent, { type: T }>) => void } = {
    run_started: (event) => event.check && say(paint('cyan', 'check mode: nothing is written')),
    play_started: (event) =>
      say(`\n${paint('bold', `▶ ${sanitize(event.play)}`)}  ${event.hosts.length} hosts`),
    batch_started: (event) => say(`  batch ${event.index} of ${event.of}: ${event.hosts.join(' ')}`),
    host_finished: ({ task, result }) => results.set(task.id, [...(results.get(task.id) ?? []), result]),
    task_finished: ({ task }) => finish(task),
    retrying: (event) => say(`    ${event.host}  retrying, ${event.left} left: ${sanitize(event.message)}`),
    host_output: (event) => {
      if (options.verbosity < 2) return
      for (const line of sanitize(event.text).trimEnd().split('\n')) say(`    ${event.host} | ${line}`)
    },
    message: (event) =>
      say(paint(event.level === 'error' ? 'red' : 'yellow', `${event.level}: ${sanitize(event.text)}`)),
    run_finished: (event) => {
      say(`\n${paint('bold', 'RECAP')}`)
      for (const line of [...recapLines(event.stats, paint), ...customLines(event.custom)]) say(line)
      say(closingLine(event))
    },
  }
  return {
    handle(event) {
      const handle = handlers[event.type] as ((event: RunEvent) => void) | undefined
      handle?.(event)
    },
  }
}

function counts(results: readonly HostTaskResult[]): string {
  const groups = groupByStatus(results)
  const longest = Math.max(...results.map((result) => result.durationMs))
  const parts = [...groups].map(([status, group]) => `${status}=${group.length}`)
  return `${parts.join(' ')}${longest >= 1000 ? `  ${seconds(longest)}` : ''}`
}

function groupByStatus(results: readonly HostTaskResult[]): Map<string, HostTaskResult[]> {
  const groups = new Map<string, HostTaskResult[]>()
  for (const result of results) groups.set(result.status, [...(groups.get(result.status) ?? []), result])
  return groups
}
