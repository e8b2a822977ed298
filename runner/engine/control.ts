import { setTimeout as delay } from 'node:timers/promises'
import type { Scope } from '../expression/compiled.js'
import { HostError, ModuleFailure } from '../modules/module.js'
import type { Action } from '../plan/plan.js'
import { includeVariables } from './include-vars.js'
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
    includeVariables: (request) => includeVariables(context, request),
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
    sleep: async (ms) => {
      const { timeoutMs = Number.POSITIVE_INFINITY } = effective
      await delay(Math.min(ms, timeoutMs), undefined, { signal: run.stop }).catch(() => {
        throw new HostError('aborted', 'interrupted')
      })
      if (ms > timeoutMs) throw new HostError('timedOut', `timed out after ${timeoutMs / 1000} s`)
    },
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
