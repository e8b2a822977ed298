import { InputError } from '../errors.js'
import type { HostTaskResult, TaskInfo } from '../events.js'
import { ModuleFailure } from '../modules/module.js'
import type { Include, Included } from '../plan/plan.js'
import type { Layer } from '../vars/layers.js'
import type { HostScope } from '../vars/scope.js'
import type { Batch, Run } from './context.js'
import { hideValue } from './hide.js'
import { beginRole, type HostRun } from './host.js'
import { failedItem } from './item.js'
import { firstFalse } from './keywords.js'
import { loopItems } from './loop.js'
import { loopVariables } from './loop-vars.js'
import { layerOf, taskScope } from './scope.js'
import { countResult } from './stats.js'
import type { Round, Step, Verdict } from './walk.js'

/** `when` and `loop` of an include, evaluated once: what is run in each round, and its variables. */
export function performInclude(
  run: Run,
  batch: Batch,
  step: Step,
  include: Include,
  host: HostRun,
  info: TaskInfo,
): Verdict {
  const { task } = include
  const layers = [...task.layers, ...step.layers]
  const scope = taskScope(run, batch, host, { role: task.role, layers })
  const started = performance.now()
  let rounds: Round[] = []
  let status: HostTaskResult['status'] = 'ok'
  let items: HostTaskResult['items'] = []
  try {
    const isLeftOut = !task.loop && firstFalse(task.keywords.when, scope, 'when')
    if (!isLeftOut) rounds = roundsOf(run, include, scope, host)
    if (rounds.length === 0) status = 'skipped'
  } catch (error) {
    const failed = failedItem(undefined, error)
    status = failed.status
    items = [failed]
  }
  const durationMs = performance.now() - started
  const result: HostTaskResult = { host: host.name, status, ignored: false, items, durationMs }
  if (status === 'ok') host.stats.ok += countOf(include, rounds)
  else countResult(host.stats, result, step.rescuable)
  beginRole(host, task.role, status)
  run.emit({ type: 'host_finished', task: info, result })
  if (status === 'failed' && !step.rescuable) host.state = 'failed'
  if (status === 'failed' && step.rescuable) host.failure = { task: info.name, result: items[0]?.result }
  return { failed: status === 'failed', rounds }
}

/** Ansible's counting: a file counts each time that it is included, a role does not. */
function countOf(include: Include, rounds: readonly Round[]): number {
  return include.task.action.module.name === 'include_role' ? 0 : rounds.length
}

function roundsOf(run: Run, include: Include, scope: HostScope, host: HostRun): Round[] {
  const { task } = include
  if (!task.loop) return [roundOf(run, include, scope, host, [])]
  const { items } = loopItems(task, scope)
  return items.flatMap((_, index) => {
    const layers = [layerOf('include-params', loopVariables(task.loopControl, items, index, scope))]
    const inner = scope.extend(layers)
    return firstFalse(task.keywords.when, inner, 'when') ? [] : [roundOf(run, include, inner, host, layers)]
  })
}

function roundOf(
  run: Run,
  include: Include,
  scope: HostScope,
  host: HostRun,
  layers: readonly Layer[],
): Round {
  const included = include.load ? loaded(include.load, scope) : include
  for (const layer of included.exposes) host.exposed.add(layer)
  for (const secret of included.secrets) hideValue(run.redactor, scope.lookup(secret)?.value)
  return { layers, children: included.children }
}

/** What is included where its name is only known now. @throws ModuleFailure with the mistakes in it */
function loaded({ names, read }: NonNullable<Include['load']>, scope: HostScope): Included {
  const values = Object.fromEntries(names.map(([key, name]) => [key, String(name.evaluate(scope))]))
  try {
    return read(values)
  } catch (error) {
    if (error instanceof InputError) throw new ModuleFailure(error.message)
    throw error
  }
}
