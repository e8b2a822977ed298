import { Listr, type ListrTaskWrapper } from 'listr2'
import type { HostTaskResult, Reporter, RunEvent } from '../events.js'
import {
  closingLine,
  colours,
  createPaint,
  customLines,
  marks,
  oneLine,
  type Paint,
  recapLines,
  sanitize,
  seconds,
  taskTitle,
} from './format.js'
import { resultLines } from './results.js'

export interface TtyOptions {
  readonly colour: boolean
  readonly verbosity: number
  write(text: string): void
}

// biome-ignore lint/suspicious/noExplicitAny: listr2's own parameters of a task's renderers, of which none is used.
type Wrapper = ListrTaskWrapper<unknown, any, any>

/** What is known of the play that runs, whether it is drawn yet or not. */
interface PlayView {
  readonly name: string
  readonly hosts: readonly string[]
  readonly started: number
  batch: string
  task: string
  taskStarted: number
  readonly waiting: Set<string>
  /** Of the task that runs, those that need not be shown at once. */
  readonly results: HostTaskResult[]
  readonly lines: string[]
  failed: boolean
  /** Ends the drawing. */
  finish: () => void
  redraw: () => void
}

/** The terminal: a line per play with the task that runs and the hosts it waits for; what changed stays below it. */
export function createTtyReporter(options: TtyOptions): Reporter {
  const paint = createPaint(options.colour)
  let play: PlayView | undefined
  let drawn: Promise<unknown> = Promise.resolve()
  /** Questions that are on their way to the person. */
  let questions = 0

  const show = (view: PlayView): void => {
    const over = new Promise<void>((resolve) => {
      view.finish = resolve
    })
    drawn = drawn.then(() => draw(view, over, paint))
  }

  const begin = (event: Extract<RunEvent, { type: 'play_started' }>): void => {
    play = newView(event)
    show(play)
  }

  /** listr2 keeps what others write to the terminal to itself, and draws over it: so it ends, and begins again. */
  const suspend = async (): Promise<() => void> => {
    questions++
    play?.finish()
    const free = drawn
    let answered = (): void => undefined
    const answer = new Promise<void>((resolve) => {
      answered = resolve
    })
    drawn = drawn.then(() => answer)
    await free
    return () => {
      answered()
      if (--questions === 0 && play) show(play)
    }
  }

  const finished = (result: HostTaskResult, title: string): void => {
    if (!play) return
    play.waiting.delete(result.host)
    if (isBad(result)) {
      play.failed ||= !result.ignored
      play.lines.push(...taskLines([result], title, options.verbosity, paint))
    } else play.results.push(result)
    play.redraw()
  }

  const settled = (title: string): void => {
    if (!play) return
    play.lines.push(...taskLines(play.results.splice(0), title, options.verbosity, paint))
    play.redraw()
  }

  const afterwards = (write: () => void): void => {
    drawn = drawn.then(write)
  }

  const started = (event: Extract<RunEvent, { type: 'task_started' }>): void => {
    if (!play) return
    play.task = taskTitle(event.task)
    play.taskStarted = performance.now()
    for (const host of event.hosts) play.waiting.add(host)
    play.redraw()
  }

  const closing = (event: Extract<RunEvent, { type: 'run_finished' }>): void => {
    options.write(`\n${paint('bold', 'RECAP')}\n`)
    for (const line of [...recapLines(event.stats, paint), ...customLines(event.custom)])
      options.write(`${line}\n`)
    options.write(`${closingLine(event)}\n`)
  }

  const handle = (event: RunEvent): void => {
    if (event.type === 'play_started') begin(event)
    else if (event.type === 'batch_started' && play) play.batch = `batch ${event.index} of ${event.of}`
    else if (event.type === 'task_started') started(event)
    else if (event.type === 'host_finished') finished(event.result, taskTitle(event.task))
    else if (event.type === 'task_finished') settled(taskTitle(event.task))
    else if (event.type === 'play_finished') {
      play?.finish()
      play = undefined
    } else if (event.type === 'message')
      afterwards(() =>
        options.write(`${paint(event.level === 'error' ? 'red' : 'yellow', sanitize(event.text))}\n`),
      )
    else if (event.type === 'run_finished') afterwards(() => closing(event))
  }
  return {
    handle,
    suspend,
    async close() {
      play?.finish()
      await drawn
    },
  }
}

function newView(event: Extract<RunEvent, { type: 'play_started' }>): PlayView {
  return {
    name: oneLine(event.play),
    hosts: event.hosts,
    started: performance.now(),
    batch: '',
    task: '',
    taskStarted: performance.now(),
    waiting: new Set(),
    results: [],
    lines: [],
    failed: false,
    finish: () => undefined,
    redraw: () => undefined,
  }
}

function isBad(result: HostTaskResult): boolean {
  return ['failed', 'unreachable', 'locked'].includes(result.status)
}

/**
 * The lines of a task: one with the hosts that it changed; more where there is more to say than that, or where more
 * was asked for.
 */
function taskLines(
  results: readonly HostTaskResult[],
  title: string,
  verbosity: number,
  paint: Paint,
): string[] {
  const isBrief = ({ status, items }: HostTaskResult): boolean =>
    verbosity === 0 &&
    status === 'changed' &&
    items.every((item) => item.differences.length === 0 && item.says === undefined)
  const brief = results.filter(isBrief)
  const full = resultLines(
    results.filter((result) => !isBrief(result)),
    { verbosity, paint },
  )
  const hosts = brief.map((result) => result.host).join(' ')
  const lines =
    brief.length > 0 ? [`${paint(colours.changed, marks.changed)} ${title}  ${paint('gray', hosts)}`] : []
  return full.length === 0 ? lines : [...lines, paint('gray', title), ...full.map((line) => `  ${line}`)]
}

/** Draws one play with listr2, as a view of events only: it never decides what runs, nor what a signal does. */
async function draw(view: PlayView, over: Promise<void>, paint: Paint): Promise<void> {
  const list = new Listr(
    [
      {
        title: view.name,
        task: async (_context, task) => {
          view.redraw = () => redraw(view, task, paint)
          view.redraw()
          const tick = setInterval(view.redraw, 1000)
          await over
          clearInterval(tick)
          view.redraw()
          // What comes while nothing is drawn waits for the next drawing.
          view.redraw = () => undefined
          task.title = heading(view, paint)
          if (view.failed) throw new Error(task.title)
        },
        rendererOptions: { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true },
      },
    ],
    {
      registerSignalListeners: false,
      exitOnError: false,
      rendererOptions: { showErrorMessage: false, collapseErrors: false },
    },
  )
  await list.run()
}

function heading(view: PlayView, paint: Paint): string {
  const elapsed = seconds(performance.now() - view.started)
  return `${view.name.padEnd(56)} ${paint('gray', `${view.hosts.length} hosts  ${elapsed}`)}`
}

function redraw(view: PlayView, task: Wrapper, paint: Paint): void {
  const fresh = view.lines.splice(0)
  for (const line of fresh) task.output = line
  const waited = seconds(performance.now() - view.taskStarted)
  const names = [...view.waiting]
  const shown =
    names.length > 4 ? `${names.slice(0, 4).join(' ')} and ${names.length - 4} more` : names.join(' ')
  const now = view.waiting.size > 0 ? `${view.task}: ${shown} (${waited})` : view.task
  task.title = [view.name, view.batch, paint('gray', sanitize(now))].filter(Boolean).join('  ')
}
