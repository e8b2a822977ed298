import type { ItemResult } from '../events.js'
import { EvaluationError, type Scope } from '../expression/compiled.js'
import {
  type AnyModule,
  type ApplyHost,
  type Controller,
  HostError,
  ModuleFailure,
  type ResultFields,
} from '../modules/module.js'
import type { Action, Task } from '../plan/plan.js'
import { formatPosition } from '../syntax/source.js'
import { ConnectError } from '../transport/transport.js'
import type { IncludedVars, VarsRequest } from '../vars/include.js'
import type { Applier } from './applier.js'
import { backgroundOf, inBackground } from './background.js'
import type { Batch, Run } from './context.js'
import { runControl } from './control.js'
import type { HostRun } from './host.js'
import { conditionText, type Effective, evaluateKeywords, firstFalse } from './keywords.js'
import { type Planned, planModule, settle } from './module.js'
import { openHost } from './open.js'
import { unknownCause } from './unknown.js'

/** One task on one host: what all items of its loop share. */
export interface TaskRun {
  readonly run: Run
  readonly batch: Batch
  readonly host: HostRun
  readonly task: Task
  /** The task's name as people see it. */
  readonly title: string
  readonly controllerFor: (scope: Scope) => Controller
  /** Files of variables, read once a run. @throws ModuleFailure with the mistakes in them */
  readonly variablesOf: (request: VarsRequest) => IncludedVars
  readonly onOutput?: ((stream: 'stdout' | 'stderr', text: string) => void) | undefined
  /** It was begun before its turn. */
  readonly begun?: Promise<Attempt> | undefined
}

/** An item that is over, or one whose change waits to be applied. */
export interface Attempt {
  readonly effective?: Effective | undefined
  /** Already the beginning of it went wrong. */
  readonly failed?: true
  /** Carry it out. Never rejects: a failure is a result. */
  finish(): Promise<ItemOutcome>
}

export interface ItemOutcome extends ItemResult {
  /** Something on the host was changed: what was probed for later items may be stale. */
  readonly applied: boolean
  /** Check mode only foretold it: what the module would have returned is unknown. */
  readonly foretold?: boolean
  readonly effective?: Effective | undefined
  /** Variables for the host (`set_fact`), or its facts (`setup`). */
  readonly facts?: ResultFields | undefined
}

/** Condition, keywords, arguments, probe and diff of one item: reads only, so items may be begun ahead. */
export async function beginItem(context: TaskRun, scope: Scope, label: string | undefined): Promise<Attempt> {
  let effective: Effective | undefined
  try {
    const skipped = firstFalse(context.task.keywords.when, scope, 'when')
    if (skipped) return overAttempt(skippedItem(label, conditionText(skipped)))
    effective = evaluateKeywords(context.task.keywords, scope, context.run.options)
    if (effective.runOnce) refuseAlone(context)
    const { action } = context.task
    const values = action.args.evaluate(scope)
    if (action.kind === 'control') return controlAttempt(context, action, values, scope, effective, label)
    const background = backgroundOf(context.task, scope)
    const host = await openHost(context, scope, effective, background !== undefined)
    const found = await planModule(action.module, values, host, context.controllerFor(scope))
    const direct = context.run.appliers.for(effective.checkMode)
    const applier = direct && background ? inBackground(direct, background, found, context.run) : direct
    // What nobody waits for has no result yet.
    const planned = direct && background?.poll === 0 ? { ...found, fields: {} } : found
    return moduleAttempt(context, action.module, { planned, host, applier }, effective, label)
  } catch (error) {
    return overAttempt({ ...failedItem(label, error), effective }, true)
  }
}

// Attempts of many hosts wait in memory: each is made by a function of its own, so that it keeps nothing but what it needs.

function overAttempt(outcome: ItemOutcome, failed = false): Attempt {
  return { effective: outcome.effective, finish: async () => outcome, ...(failed ? { failed } : {}) }
}

function controlAttempt(
  context: TaskRun,
  action: Extract<Action, { kind: 'control' }>,
  values: unknown,
  scope: Scope,
  effective: Effective,
  label: string | undefined,
): Attempt {
  const finish = async (): Promise<ItemOutcome> => ({
    ...(await runControl(context, action, values, scope, effective)),
    label,
    effective,
  })
  return { effective, finish: () => guarded(label, effective, finish) }
}

/** What is to be done to a host, by what, and over which way. */
interface Work {
  readonly planned: Planned
  readonly host: ApplyHost
  readonly applier: Applier | undefined
}

function moduleAttempt(
  context: TaskRun,
  module: AnyModule,
  { planned, host, applier }: Work,
  effective: Effective,
  label: string | undefined,
): Attempt {
  const finish = async (): Promise<ItemOutcome> => {
    const { fields, ...settled } = await settle(module, planned, host, applier, context.host.planned)
    const changed = settled.status === 'changed'
    if (changed && planned.change && !applier)
      context.host.planned.push({ task: context.title, provides: planned.change.provides ?? [] })
    return {
      ...settled,
      label,
      result: fields,
      applied: changed && applier !== undefined,
      foretold: changed && applier === undefined,
      effective,
    }
  }
  return { effective, finish: () => guarded(label, effective, finish) }
}

/** What says `run_once` by a template or in a file that is read in the run (the plan's check finds the others). */
function refuseAlone({ batch, task }: TaskRun): void {
  const { strategy } = batch.play
  if (strategy === 'linear') return
  throw new EvaluationError(
    `'run_once' has no meaning with 'strategy: ${strategy}': its hosts do not wait for each other`,
    task.keywords.run_once?.span,
  )
}

async function guarded(
  label: string | undefined,
  effective: Effective | undefined,
  work: () => Promise<ItemOutcome>,
): Promise<ItemOutcome> {
  try {
    return await work()
  } catch (error) {
    return { ...failedItem(label, error), effective }
  }
}

export function skippedItem(label: string | undefined, condition: string): ItemOutcome {
  return {
    label,
    status: 'skipped',
    message: `not so: ${condition}`,
    summary: [],
    differences: [],
    result: { skipped: true, skip_reason: 'Conditional result was False', false_condition: condition },
    applied: false,
  }
}

/**
 * An error as a result: unknown (check mode), locked, unreachable, or failed. Anything that is none of ours is a bug and goes
 * up. A change may have been half done, so later items are probed again.
 */
export function failedItem(label: string | undefined, error: unknown): ItemOutcome {
  const base = { label, summary: [], differences: [], applied: true }
  const unknown = unknownCause(error)
  if (unknown)
    return {
      ...base,
      status: 'unknown',
      message: unknown.message,
      result: { unknown_because: unknown.because },
    }
  if (error instanceof ConnectError || (error instanceof HostError && error.kind === 'lost'))
    return {
      ...base,
      status: error instanceof ConnectError && error.code === 'locked' ? 'locked' : 'unreachable',
      message: error.message,
      hint: error instanceof ConnectError ? error.hint : undefined,
      result: { unreachable: true, msg: error.message },
    }
  if (error instanceof ModuleFailure)
    return {
      ...base,
      status: 'failed',
      message: error.message,
      hint: error.hint,
      result: { msg: error.message, ...error.fields },
    }
  if (error instanceof HostError)
    return { ...base, status: 'failed', message: error.message, result: { msg: error.message } }
  if (error instanceof EvaluationError) {
    const message = error.span ? `${formatPosition(error.span)}: ${error.message}` : error.message
    return { ...base, status: 'failed', message, hint: error.hint, result: { msg: message } }
  }
  throw error
}
