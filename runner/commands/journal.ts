import { parseArguments, usage } from '../arguments.js'
import { type ExitCode, exitCodes } from '../errors.js'
import { taskTitle } from '../report/format.js'
import type { JournalEvent } from '../report/journal.js'
import { journalRuns, readJournal } from '../report/journal-files.js'
import { createPlainReporter } from '../report/plain.js'
import type { CommandWorld } from './options.js'

const options = {
  list: { type: 'boolean' },
  journal: { type: 'string' },
} as const

/** Where runs are recorded unless an option says: `TSPLAY_JOURNAL`, or a folder of the user's state. */
export interface JournalWorld extends CommandWorld {
  readonly journal: string
  readonly colour: boolean
}

/**
 * `tsplay journal [RUN]`: what a run did, the last one unless named, as it told it then, and where it stopped; `--list`
 * names those that are recorded, the latest first.
 * @throws InputError
 */
export function journalCommand(argv: readonly string[], world: JournalWorld): ExitCode {
  const { values, positionals } = parseArguments('tsplay journal', argv, options)
  if (positionals.length > 1) throw usage(`what is ${positionals.slice(1).join(' ')}?`)
  const folder = values.journal ?? world.journal
  const runs = journalRuns(folder)
  if (runs.length === 0) throw usage(`no run is recorded in ${folder}`)
  const show = (text: string): unknown => world.stdout.write(text)
  if (values.list) {
    for (const run of runs) show(`${run}  ${titleOf(readJournal(folder, run))}\n`)
    return exitCodes.ok
  }
  const [wanted] = positionals
  const run = wanted === undefined ? runs[0]! : runs.find((name) => name.startsWith(wanted))
  if (run === undefined) throw usage(`no run ${wanted} is recorded`, 'tsplay journal --list names them')
  const events = readJournal(folder, run)
  show(`${run}  ${titleOf(events)}\n`)
  const reporter = createPlainReporter({ colour: world.colour, verbosity: 0, write: show })
  for (const event of events) reporter.handle(event)
  if (!hasEnded(events)) show(`\n${lastWords(events)}\n`)
  return exitCodes.ok
}

function titleOf(events: readonly JournalEvent[]): string {
  const start = events.find((event) => event.type === 'run_started')
  const end = events.find((event) => event.type === 'run_finished')
  const what = start ? [...start.playbooks, ...(start.check ? ['--check'] : [])].join(' ') : ''
  return `${end ? `exit ${end.exitCode}` : 'no end'}  ${what}`
}

const hasEnded = (events: readonly JournalEvent[]): boolean =>
  events.some((event) => event.type === 'run_finished')

/** Where a run is, or was when it was killed. */
function lastWords(events: readonly JournalEvent[]): string {
  const at = events.findLastIndex((event) => event.type === 'task_started')
  const started = events[at]
  if (started?.type !== 'task_started') return 'no end is recorded, and no task was begun'
  const after = events.slice(at)
  const told = new Set(after.flatMap((event) => (event.type === 'host_finished' ? [event.result.host] : [])))
  const waiting = started.hosts.filter((host) => !told.has(host))
  const hosts = waiting.length > 0 ? `; not heard of: ${waiting.join(' ')}` : ''
  return `no end is recorded; at ${events.at(-1)!.time} the task was ${taskTitle(started.task)}${hosts}`
}
