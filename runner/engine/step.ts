import type { HostTaskResult, TaskInfo } from '../events.js'
import { EvaluationError } from '../expression/compiled.js'
import type { Keywords, Meta, RoleInfo, Task } from '../plan/plan.js'
import { formatPosition } from '../syntax/source.js'
import type { Layer } from '../vars/layers.js'
import type { HostScope } from '../vars/scope.js'
import { createAhead } from './ahead.js'
import type { Batch, Run } from './context.js'
import type { ControllerFactory } from './controller.js'
import { beginRole, type HostRun, includeVariables, isLost, setVariable } from './host.js'
import { performInclude } from './include.js'
import { beginItem, failedItem, type TaskRun } from './item.js'
import { asCount, asFlag, titleOf } from './keywords.js'
import { createLimit, type Limit } from './limits.js'
import { performMeta } from './meta.js'
import { notify } from './notify.js'
import { taskScope } from './scope.js'
import { countResult } from './stats.js'
import { runTask, scopeOfTask, type TaskOutcome } from './task.js'
import type { Step, Verdict } from './walk.js'

/** What the strategy learns of a step on one host. */
export interface StepDone {
  readonly verdict: Verdict
  /** The host takes no further part. */
  readonly gone: boolean
  /** That is since it could not be reached. */
  readonly lost?: boolean
  /** `any_errors_fatal` holds, and it failed. */
  readonly fatal: boolean
}

export interface Stepper {
  info(step: Step, first: HostRun): TaskInfo
  runsOnce(step: Step, host: HostRun): boolean
  perform(step: Step, host: HostRun, info: TaskInfo): Promise<StepDone>
  /** Waits until fewer hosts than `throttle` says are at this task. */
  throttled(step: Step, host: HostRun, work: () => Promise<StepDone>): Promise<StepDone>
  /** Give the result of a `run_once` task to the other hosts. */
  share(step: Step, from: HostRun, to: readonly HostRun[], done: StepDone): void
}

/** Performs steps of one batch: tasks, includes and meta actions on a host. */
export function createStepper(run: Run, batch: Batch, controllers: ControllerFactory): Stepper {
  const ahead = createAhead(batch.hosts.length)
  const contextOf = (task: Task, host: HostRun, info: TaskInfo): TaskRun => {
    const streams = task.action.kind === 'module' && task.action.module.freeForm !== undefined
    return {
      run,
      batch,
      host,
      task,
      title: info.name,
      controllerFor: (scope) => controllers.for(task, batch.play.playbookDir, scope),
      variablesOf: (request) => controllers.variables(request, task, batch.play.playbookDir),
      onOutput: streams
        ? (stream, text) => run.emit({ type: 'host_output', task: info, host: host.name, stream, text })
        : undefined,
    }
  }
  const performTask = async (step: Step, task: Task, host: HostRun, info: TaskInfo): Promise<StepDone> => {
    const begun = ahead.take(step, task, host)
    const running = runTask({ ...contextOf(task, host, info), begun }, step.layers)
    if (!begun)
      ahead.read(step, task, host, async (next) => {
        const context = contextOf(next, host, describeStep(run, batch, { ...step, what: next }, host))
        return beginItem(context, scopeOfTask(context, step.layers), undefined)
      })
    const outcome = await running
    ahead.concluded(task, outcome)
    return concludeTask(run, batch, step, task, host, info, outcome)
  }

  const limits = new Map<number, Limit>()
  return {
    throttled(step, host, work) {
      const limit = throttleOf(run, batch, step, host, limits)
      return limit ? limit(work) : work()
    },
    info: (step, first) => describeStep(run, batch, step, first),
    runsOnce: (step, host) => runsOnce(run, batch, step, host),
    async perform(step, host, info) {
      const { what } = step
      if (what.kind === 'task') return performTask(step, what, host, info)
      ahead.forget()
      if (what.kind === 'include') {
        const verdict = performInclude(run, batch, step, what, host, info)
        const fatal = verdict.failed && !step.rescuable && fatalOf(run, batch, step, what.task, host)
        return { verdict, gone: false, fatal }
      }
      return concludeMeta(run, batch, step, what, host)
    },
    share(step, from, to, done) {
      if (step.what.kind !== 'task') return
      const { register } = step.what
      for (const host of to) {
        const given = register ? from.variables.get(register) : undefined
        if (register && given) setVariable(host, register, given.value)
        if (step.what.action.module.name === 'set_fact')
          for (const name of step.what.action.argumentNames) {
            const fact = from.variables.get(name)
            if (fact) setVariable(host, name, fact.value)
          }
        if (step.what.action.module.name === 'include_vars') includeVariables(host, from.included)
        if (from.facts && step.what.action.module.name === 'setup') {
          host.facts = from.facts
          for (const group of from.factGroups) host.factGroups.add(group)
        }
        if ((done.verdict.failed || done.lost) && !step.rescuable) host.state = 'failed'
      }
    },
  }
}

function concludeTask(
  run: Run,
  batch: Batch,
  step: Step,
  task: Task,
  host: HostRun,
  info: TaskInfo,
  outcome: TaskOutcome,
): StepDone {
  const { result, shown, effective } = notified(run, batch, step, task, host, outcome)
  countResult(host.stats, result, step.rescuable)
  beginRole(host, task.role, result.status)
  run.emit({ type: 'host_finished', task: info, result: shown })
  const failed = result.status === 'failed' && !result.ignored
  // Where another run holds a host, this one goes no further anywhere.
  const locked = result.status === 'locked'
  const lost = isLost(result.status) && !result.ignored
  if (failed && step.rescuable)
    host.failure = { task: info.name, result: result.items.find((item) => item.status === 'failed')?.result }
  if (failed && !step.rescuable) host.state = 'failed'
  if (lost) host.state = 'unreachable'
  return {
    verdict: { failed },
    gone: lost,
    lost,
    fatal:
      locked ||
      ((failed || lost) &&
        !step.rescuable &&
        (effective?.anyErrorsFatal ?? fatalOf(run, batch, step, task, host))),
  }
}

/** A change calls its handlers; a task that calls one that is nowhere fails (Ansible stops the whole run). */
function notified(
  run: Run,
  batch: Batch,
  step: Step,
  task: Task,
  host: HostRun,
  outcome: TaskOutcome,
): TaskOutcome {
  if (outcome.result.status !== 'changed') return outcome
  try {
    notify(run, batch, task, host, scopeOf(run, batch, step, task, host))
    return outcome
  } catch (error) {
    const failed = (result: HostTaskResult): HostTaskResult => ({
      ...result,
      status: 'failed',
      items: [...result.items, failedItem('notify', error)],
    })
    return { ...outcome, result: failed(outcome.result), shown: failed(outcome.shown) }
  }
}

/** What a step can name: its own variables, and those of the includes around it. */
function scopeOf(
  run: Run,
  batch: Batch,
  step: Step,
  { role, layers }: Pick<Task | Meta, 'role' | 'layers'>,
  host: HostRun,
): HostScope {
  return taskScope(run, batch, host, { role, layers: [...layers, ...step.layers] })
}

/** What of a task or meta action says whether its failure ends the run. */
interface Guarded {
  readonly keywords: Pick<Keywords, 'any_errors_fatal'>
  readonly role?: RoleInfo | undefined
  readonly layers: readonly Layer[]
}

/** `any_errors_fatal` where the other keywords were not reached before the failure. */
function fatalOf(run: Run, batch: Batch, step: Step, guarded: Guarded, host: HostRun): boolean {
  const value = guarded.keywords.any_errors_fatal
  if (!value) return false
  try {
    return asFlag(value.evaluate(scopeOf(run, batch, step, guarded, host)), 'any_errors_fatal', value)
  } catch {
    return true
  }
}

/** A meta action that fails has no result line: it is told as a message, and counts as a failed task. */
async function concludeMeta(
  run: Run,
  batch: Batch,
  step: Step,
  meta: Meta,
  host: HostRun,
): Promise<StepDone> {
  try {
    const { skipped, gone } = await performMeta(run, batch, meta, host, scopeOf(run, batch, step, meta, host))
    return { verdict: { failed: false, skipped }, gone, fatal: false }
  } catch (error) {
    const { status, message, result } = failedItem(undefined, error)
    const name = `meta: ${meta.action}`
    run.emit({ type: 'message', level: 'error', text: `${name} on ${host.name}: ${message}` })
    countResult(
      host.stats,
      { host: host.name, status, ignored: false, items: [], durationMs: 0 },
      step.rescuable,
    )
    const failed = status === 'failed'
    if (failed && step.rescuable) host.failure = { task: name, result }
    if (failed && !step.rescuable) host.state = 'failed'
    const fatal = failed && !step.rescuable && fatalOf(run, batch, step, meta, host)
    return { verdict: { failed }, gone: false, fatal }
  }
}

/** The task as reporters show it: named with the first host's variables, or as it is written. */
function describeStep(run: Run, batch: Batch, step: Step, first: HostRun): TaskInfo {
  const task =
    step.what.kind === 'meta' ? undefined : step.what.kind === 'include' ? step.what.task : step.what
  if (!task) return { id: 0, name: 'meta', module: 'meta', at: '', handler: false }
  const { name } = task
  const title = name?.constant
    ? String(name.constant.value)
    : titleOf(name, scopeOf(run, batch, step, task, first))
  return {
    id: task.id,
    name: title ?? task.action.module.name,
    module: task.action.module.name,
    role: task.role?.name,
    at: formatPosition(task.span),
    handler: step.handler,
  }
}

function runsOnce(run: Run, batch: Batch, step: Step, host: HostRun): boolean {
  if (step.what.kind === 'meta') return step.what.action === 'refresh_inventory'
  if (step.what.kind === 'task' && step.what.action.kind === 'control' && step.what.action.module.once)
    return true
  if (step.what.kind !== 'task') return false
  const value = step.what.keywords.run_once
  if (!value) return false
  try {
    return asFlag(value.evaluate(scopeOf(run, batch, step, step.what, host)), 'run_once', value)
  } catch {
    // Each host's own task evaluates it again, and says what is wrong.
    return false
  }
}

/** How many hosts may be at a task at once: `throttle`, one limit for each task. */
function throttleOf(
  run: Run,
  batch: Batch,
  step: Step,
  host: HostRun,
  limits: Map<number, Limit>,
): Limit | undefined {
  const { what } = step
  if (what.kind !== 'task' || !what.keywords.throttle) return undefined
  const found = limits.get(what.id)
  if (found) return found
  const count = throttleCount(run, batch, step, what, host)
  if (!count) return undefined
  const limit = createLimit(Math.max(1, Math.floor(count)))
  limits.set(what.id, limit)
  return limit
}

/** A `throttle` that is no number limits nothing: the task itself then fails, and says so. */
function throttleCount(run: Run, batch: Batch, step: Step, task: Task, host: HostRun): number | undefined {
  const scope = scopeOf(run, batch, step, task, host)
  try {
    return asCount(task.keywords.throttle, 'throttle', scope)
  } catch (error) {
    if (error instanceof EvaluationError) return undefined
    throw error
  }
}
