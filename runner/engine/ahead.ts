import type { Compiled } from '../expression/compiled.js'
import type { Task } from '../plan/plan.js'
import type { Layer } from '../vars/layers.js'
import type { HostRun } from './host.js'
import type { Attempt } from './item.js'
import type { TaskOutcome } from './task.js'
import { type Step, tasksAfter } from './walk.js'

/** Tasks that were begun before their turn. Never more than a few a host, and nothing of them is told or applied. */
export interface Ahead {
  /** What was read for this step, unless anything may have changed since. */
  take(step: Step, task: Task, host: HostRun): Promise<Attempt> | undefined
  /** Begins the tasks after this one, which is under way itself, as far as they only read. */
  read(step: Step, task: Task, host: HostRun, begin: (task: Task) => Promise<Attempt>): void
  /** A task is over on a host. */
  concluded(task: Task, outcome: Pick<TaskOutcome, 'result' | 'applied'>): void
  /** Something else was done: an include, a meta action. */
  forget(): void
}

/** What was read for one host in one go. */
interface Reading {
  readonly layers: readonly Layer[]
  readonly happenings: number
  readonly changes: number
  readonly at: number
  /** How many tasks it was to hold, with the one whose turn it was. */
  readonly width: number
  readonly attempts: Map<Task, Promise<Attempt>>
}

/** A first guess at how many tasks in a row find nothing to do. */
const firstWidth = 4
/** A bound on what waits in a session, and on what one change makes worthless. */
const widest = 16
/** A bound on what waits in memory, for all hosts of a batch: some KiB each. */
const mostAttempts = 2000
/** Nothing that was read is used later than this, whatever held the run up. */
const freshMs = 10_000

/**
 * Probes only read, so those of the tasks to come are sent ahead while nothing changes: a row of tasks that find nothing to do
 * costs one round trip, not one each. What was read counts only if since then every task, on every host of the batch,
 * changed nothing, failed nowhere and set no variable; otherwise it is read again in its turn. So a task never acts on
 * another state than the one it would have found, and its keywords and arguments are those it would have had.
 * @param hosts how many the batch has
 */
export function createAhead(hosts: number, now: () => number = () => performance.now()): Ahead {
  const most = Math.min(widest, Math.floor(mostAttempts / hosts))
  const readings = new Map<HostRun, Reading>()
  /** How often something happened that what was read may depend on. */
  let happenings = 0
  /** Those of them that changed a host: the next task is likely to do so, too. */
  let changes = 0
  return {
    take({ layers }, task, host) {
      const reading = readings.get(host)
      const attempt = reading?.attempts.get(task)
      if (!attempt || reading?.layers !== layers) return undefined
      reading.attempts.delete(task)
      return reading.happenings === happenings && now() - reading.at < freshMs ? attempt : undefined
    },
    read({ layers, rest }, task, host, begin) {
      if (!rest || !isQuiet(task) || task.register) return
      const before = readings.get(host)
      const attempts = new Map<Task, Promise<Attempt>>()
      const width = Math.min(most, widthAfter(before, changes))
      readings.set(host, { layers, happenings, changes, at: now(), width, attempts })
      for (const next of tasksAfter(rest)) {
        if (looksOnly(next)) continue
        if (attempts.size + 1 >= width || !isForeseen(next) || !isSameWay(task, next)) break
        const attempt = begin(next)
        // An error that is nobody's result is met in its turn, or with a later reading.
        attempt.catch(() => undefined)
        attempts.set(next, attempt)
        if (next.register) break
      }
    },
    concluded(task, { result, applied }) {
      const { status } = result
      if (applied && status === 'changed') changes++
      const isGood = status !== 'failed' && status !== 'unreachable'
      const left = status === 'skipped' || ((isQuiet(task) || looksOnly(task)) && isGood)
      if (!left || applied || task.register) happenings++
    },
    forget() {
      happenings++
    },
  }
}

function widthAfter(before: Reading | undefined, changes: number): number {
  if (!before) return firstWidth
  return before.changes === changes ? Math.min(widest, before.width * 2) : 1
}

/** It does nothing to hosts or their variables: its turn comes and goes. */
function looksOnly({ action, register }: Task): boolean {
  return action.kind === 'control' && action.module.looksOnly === true && !register
}

/** All that it does where it finds nothing to do is to read. */
function isQuiet({ action, until, retries, async: background }: Task): boolean {
  const reads = action.kind === 'module' && action.module.readsAhead === true
  return reads && !until && !retries && !background
}

/** It may be begun before its turn: none of its keywords asks for what only its turn can tell. */
function isForeseen(task: Task): boolean {
  const { delegate_to, run_once, throttle } = task.keywords
  return isQuiet(task) && !task.loop && !delegate_to && !run_once && !throttle
}

/** Another login or user would need a session of its own, which a host may not allow beside one that is at work. */
function isSameWay({ keywords: a }: Task, { keywords: b }: Task): boolean {
  const same = (one: Compiled | undefined, other: Compiled | undefined): boolean =>
    one === other || (one?.constant !== undefined && one.constant.value === other?.constant?.value)
  return (
    same(a.become, b.become) &&
    same(a.become_user, b.become_user) &&
    same(a.become_method, b.become_method) &&
    same(a.connection, b.connection) &&
    same(a.remote_user, b.remote_user) &&
    same(a.port, b.port)
  )
}
