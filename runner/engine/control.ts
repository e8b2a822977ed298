import { setTimeout as delay } from 'node:timers/promises'
import type { Scope } from '../expression/compiled.js'
import { HostError, ModuleFailure } from '../modules/module.js'
import type { Action } from '../plan/plan.js'
import { includeVars } from './include-vars.js'
import type { ItemOutcome, TaskRun } from './item.js'
import { conditionText, type Effective, firstFalse } from './keywords.js'
import { validate } from './module.js'

type ControlAction = Extract<Action, { kind: 'control' }>

/** Runs a module of the engine's own. @throws ModuleFailure, EvaluationError */
export async function runControl(
  context: TaskRun,
  action: ControlAction,
  values: unknown,
  scope: Scope,
  effective: Effective,
): Promise<ItemOutcome> {
  const { run, host } = context
  const result = await action.module.run(validate(action.module, values), {
    host: host.name,
    checkMode: effective.checkMode,
    verbosity: run.options.verbosity,
    scope,
    firstFalse: (argument) => {
      const condition = firstFalse(action.conditions[argument] ?? [], scope, argument)
      return condition && conditionText(condition)
    },
    includeVariables: (request) => includeVars(context, request),
    addToInventory: (name, groups, { parents = [], vars = new Map() }) =>
      run.inventory.add({ host: name, groups, parents, vars }),
    addStats: (data, { perHost, aggregate }) =>
      run.customStats.add(perHost ? host.name : undefined, data, aggregate),
    prompt: async (text, options) => {
      try {
        return await run.ask(text, options)
      } catch (error) {
        throw new ModuleFailure(error instanceof Error ? error.message : String(error))
      }
    },
    sleep: (ms, text) => sleepWithin(run, effective, ms, text),
  })
  return {
    status: result.changed ? 'changed' : 'ok',
    summary: [],
    differences: [],
    result: result.fields ?? {},
    says: result.says,
    applied: false,
    facts: result.facts,
  }
}

/** Waits; a text is shown to the person at the terminal meanwhile, who may go on with Enter. */
async function sleepWithin(
  run: TaskRun['run'],
  { timeoutMs = Number.POSITIVE_INFINITY }: Effective,
  ms: number,
  text: string | undefined,
): Promise<void> {
  const limitMs = Math.min(ms, timeoutMs)
  const until = AbortSignal.timeout(limitMs)
  if (text !== undefined && (await isAsked(run, text, until))) {
    if (!until.aborted) return
  } else
    await delay(limitMs, undefined, { signal: run.stop }).catch(() => {
      throw new HostError('aborted', 'interrupted')
    })
  if (ms > timeoutMs) throw new HostError('timedOut', `timed out after ${timeoutMs / 1000} s`)
}

/** False where there is no terminal: the text is said, and nobody was waited for. */
async function isAsked(run: TaskRun['run'], text: string, until: AbortSignal): Promise<boolean> {
  try {
    await run.ask(text, { private: false, until })
    return true
  } catch {
    if (!run.stop.aborted) run.emit({ type: 'message', level: 'info', text })
    return false
  }
}
