import { setTimeout as delay } from 'node:timers/promises'
import { types } from 'node:util'
import type { HostTaskResult, ItemResult, TaskStatus } from '../events.js'
import { type Compiled, constant, type Scope } from '../expression/compiled.js'
import { factGroups } from '../modules/facts/groups.js'
import type { Layer } from '../vars/layers.js'
import type { HostScope } from '../vars/scope.js'
import { hideOutcome } from './hide.js'
import { createHostRun, type HostRun, isLost, setVariable } from './host.js'
import { type Attempt, beginItem, failedItem, type ItemOutcome, type TaskRun } from './item.js'
import { asCount, type Effective, firstFalse } from './keywords.js'
import { runLoop } from './loop.js'
import { hasChanged, registered, withResult } from './registered.js'
import { taskScope, varsFilesOf } from './scope.js'
import { UnknownError } from './unknown.js'

/** What became of a task on a host, and what the strategy needs to know of its keywords. */
export interface TaskOutcome {
  readonly result: HostTaskResult
  /** As people may see it: under `no_log`, nothing of what was given or returned. */
  readonly shown: HostTaskResult
  readonly effective: Effective | undefined
  /** Something was changed, or may have been. */
  readonly applied: boolean
}

/** Runs one task on one host, every item of its loop, and registers what came of it. Never rejects but for bugs. */
export async function runTask(context: TaskRun, includes: readonly Layer[]): Promise<TaskOutcome> {
  const started = performance.now()
  const { run, host } = context
  const scope = scopeOfTask(context, includes)
  const outcomes = await allItems(context, scope)
  const effective = outcomes.find((outcome) => outcome.effective)?.effective
  const status = overall(outcomes)
  if (effective?.noLog) for (const outcome of outcomes) hideOutcome(run.redactor, outcome)
  remember(context, outcomes, status)
  const failing =
    (status === 'failed' && effective?.ignoreErrors) ||
    (status === 'unreachable' && (effective?.ignoreUnreachable ?? false))
  const result: HostTaskResult = {
    host: host.name,
    delegate: effective?.delegate,
    status,
    ignored: failing ?? false,
    items: outcomes.map(publicItem),
    durationMs: performance.now() - started,
  }
  const applied = outcomes.some((outcome) => outcome.applied)
  return { result, shown: effective?.noLog ? censor(result) : result, effective, applied }
}

/** What a task's keywords and arguments can name. */
export function scopeOfTask({ run, batch, host, task }: TaskRun, includes: readonly Layer[]): HostScope {
  return taskScope(run, batch, host, {
    role: task.role,
    layers: [...task.layers, ...includes],
    file: task.span.file.path,
    environment: task.keywords.environment,
  })
}

async function allItems(context: TaskRun, scope: HostScope): Promise<ItemOutcome[]> {
  const { task, run, batch, host } = context
  const { problem } = varsFilesOf(run, batch, host)
  if (problem) return [failedItem(undefined, problem)]
  try {
    if (!task.loop) return [await untilDone(context, scope, scope, undefined)]
    return await runLoop(context, scope, (itemScope, label) => ({
      begin: () => beginItem(context, itemScope, label),
      judge: (outcome) => judge(context, itemScope, outcome),
      repeat: task.until || task.retries ? () => untilDone(context, scope, itemScope, label) : undefined,
    }))
  } catch (error) {
    return [failedItem(undefined, error)]
  }
}

/** One item, tried again as `until`, `retries` and `delay` say (Ansible: three retries, five seconds). */
async function untilDone(
  context: TaskRun,
  scope: HostScope,
  itemScope: HostScope,
  label: string | undefined,
): Promise<ItemOutcome> {
  const { task, run, host } = context
  const repeats = task.until !== undefined || task.retries !== undefined
  const retries = repeats ? (asCount(task.retries, 'retries', scope) ?? 3) : 0
  const delayMs = 1000 * (asCount(task.delay, 'delay', scope) ?? 5)
  for (let attempt = 1; ; attempt++) {
    const outcome = await judge(
      context,
      itemScope,
      await (await begunOrNew(context, itemScope, label)).finish(),
    )
    if (!repeats || outcome.status === 'skipped' || isLost(outcome.status)) return outcome
    const done = reached(context, itemScope, outcome)
    const counted = {
      ...outcome,
      result: { ...outcome.result, attempts: Math.min(attempt, Math.max(1, retries)) },
    }
    if (done === true || outcome.effective?.checkMode) return counted
    if (typeof done !== 'boolean') return done
    if (attempt > retries)
      return {
        ...counted,
        status: 'failed',
        message: counted.message ?? `not so after ${attempt} attempts`,
        result: { ...counted.result, changed: hasChanged(outcome) },
      }
    run.emit({
      type: 'retrying',
      task: { id: task.id, name: context.title, module: task.action.module.name, at: '', handler: false },
      host: host.name,
      left: retries - attempt + 1,
      delayMs,
      message: outcome.message ?? '',
    })
    await delay(delayMs, undefined, { signal: run.stop }).catch(() => undefined)
    if (run.stop.aborted) return { ...counted, status: 'failed', message: 'interrupted' }
  }
}

/** What went wrong before its turn is tried again in its turn. */
async function begunOrNew(context: TaskRun, scope: HostScope, label: string | undefined): Promise<Attempt> {
  // Not awaited where there is none: its script must leave before those of later tasks.
  const begun = context.begun && (await context.begun)
  return begun && !begun.failed ? begun : beginItem(context, scope, label)
}

function reached(context: TaskRun, scope: HostScope, outcome: ItemOutcome): boolean | ItemOutcome {
  const { task } = context
  if (!task.until) return outcome.status !== 'failed'
  try {
    return firstFalse(task.until, withResult(context, scope, outcome), 'until') === undefined
  } catch (error) {
    return failedItem(outcome.label, error)
  }
}

/** `failed_when` and `changed_when` over what the module said. */
async function judge(context: TaskRun, scope: HostScope, outcome: ItemOutcome): Promise<ItemOutcome> {
  const { changedWhen, failedWhen } = context.task
  if ((!changedWhen && !failedWhen) || !['ok', 'changed', 'failed'].includes(outcome.status)) return outcome
  try {
    const judged = withResult(context, scope, outcome)
    const failed = failedWhen
      ? firstFalse(failedWhen, judged, 'failed_when') === undefined
      : outcome.status === 'failed'
    const changed = changedWhen
      ? (holdsWhere(changedWhen, judged, failed) ?? hasChanged(outcome))
      : hasChanged(outcome)
    const result = failedWhen ? { ...outcome.result, failed_when_result: failed } : outcome.result
    if (failed) {
      const message = outcome.message ?? (failedWhen && 'failed_when holds')
      return { ...outcome, status: 'failed', message, result: { ...result, changed } }
    }
    const { message: _, ...clean } = outcome
    return { ...clean, result, status: changed ? 'changed' : 'ok' }
  } catch (error) {
    return { ...failedItem(outcome.label, error), applied: outcome.applied, effective: outcome.effective }
  }
}

/** Whether `changed_when` holds. What failed may lack what it asks for: the failure is then the news. */
function holdsWhere(conditions: readonly Compiled[], scope: Scope, failed: boolean): boolean | undefined {
  try {
    return firstFalse(conditions, scope, 'changed_when') === undefined
  } catch (error) {
    if (failed) return undefined
    throw error
  }
}

function remember(context: TaskRun, outcomes: readonly ItemOutcome[], status: TaskStatus): void {
  const { task, host } = context
  for (const outcome of outcomes) {
    const owner = factsOwner(context, outcome.effective)
    for (const [name, value] of Object.entries(outcome.facts ?? {})) setVariable(owner, name, constant(value))
    const facts = outcome.result.facts
    if (task.action.module.name === 'setup' && facts && typeof facts === 'object')
      gathered(owner, facts, outcome.result.gather_subset)
    if (outcome.status === 'unknown') {
      host.planned.push({ task: context.title, provides: ['*'] })
      if (task.action.module.name === 'set_fact')
        for (const name of task.action.argumentNames)
          setVariable(owner, name, unknownValue(String(outcome.result.unknown_because)))
    }
  }
  if (!task.register) return
  const values = outcomes.map((outcome) => registered(context, outcome))
  setVariable(host, task.register, constant(task.loop ? loopResult(values, outcomes, status) : values[0]))
}

/** New facts stand beside those of other groups that were gathered before (Ansible's rule). */
function gathered(host: HostRun, facts: object, groups: unknown): void {
  host.facts = { ...host.facts, ...facts }
  for (const group of factGroups)
    if (Array.isArray(groups) && groups.includes(group)) host.factGroups.add(group)
}

/** Whose facts a task sets: its host's; with `delegate_facts` those of the host that it is delegated to. */
function factsOwner({ run, host }: TaskRun, effective: Effective | undefined): HostRun {
  const name = effective?.delegateFacts ? effective.delegate : undefined
  if (name === undefined || name === host.name) return host
  const found = run.hosts.get(name) ?? createHostRun(name)
  run.hosts.set(name, found)
  return found
}

function unknownValue(because: string): Compiled {
  return {
    names: new Set(),
    evaluate: () => {
      throw new UnknownError(because)
    },
  }
}

/** What `register` keeps of a loop: every item under `results` (Ansible's shape). */
function loopResult(values: readonly unknown[], outcomes: readonly ItemOutcome[], status: TaskStatus) {
  const result = {
    results: values,
    changed: outcomes.some(hasChanged),
    failed: status === 'failed',
    skipped: status === 'skipped',
    ...(outcomes.length === 0 && { skipped_reason: 'No items in the list' }),
  }
  // A proxy is left as it is by expressions: what is unknown within stays so.
  return values.some((value) => types.isProxy(value)) ? new Proxy(result, {}) : result
}

/** The task's status from those of its items: the worst wins, and it is skipped only if every item was. */
function overall(outcomes: readonly ItemOutcome[]): TaskStatus {
  const order: readonly TaskStatus[] = ['locked', 'unreachable', 'failed', 'changed', 'unknown', 'ok']
  return order.find((status) => outcomes.some((outcome) => outcome.status === status)) ?? 'skipped'
}

/** Differences are told where diff mode is on: by the command line, or by the task. */
function publicItem({ applied: _a, effective, facts: _f, foretold: _t, ...item }: ItemOutcome): ItemResult {
  return effective?.diff ? item : { ...item, differences: [] }
}

function censor(result: HostTaskResult): HostTaskResult {
  return {
    ...result,
    items: result.items.map(({ status, message, hint }) => ({
      status,
      // A host that was not entered was told nothing.
      ...(isLost(status) && { hint }),
      summary: [],
      differences: [],
      message: isLost(status)
        ? message
        : status === 'failed'
          ? 'hidden, since the task says no_log'
          : undefined,
      result: { censored: "hidden, since the task says 'no_log: true'" },
    })),
  }
}
