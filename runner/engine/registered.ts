import type { HostScope } from '../vars/scope.js'
import { isLost } from './host.js'
import type { ItemOutcome, TaskRun } from './item.js'
import { layerOf } from './scope.js'
import { partlyKnown } from './unknown.js'

/** The scope in which `until`, `failed_when` and their kin see the result. */
export function withResult(context: TaskRun, scope: HostScope, outcome: ItemOutcome): HostScope {
  const { register } = context.task
  if (!register) return scope
  return scope.extend([layerOf('set-fact', new Map([[register, registered(context, outcome)]]))])
}

/** Whether something was changed; what failed tells it by a field (a command that ran may have done anything). */
export function hasChanged({ status, result }: ItemOutcome): boolean {
  return status === 'changed' || (status === 'failed' && result.changed === true)
}

/** What `register` keeps of one item. In check mode, what applying would have returned is unknown. */
export function registered(context: TaskRun, outcome: ItemOutcome): unknown {
  const flags = {
    changed: hasChanged(outcome),
    failed: outcome.status === 'failed',
    skipped: outcome.status === 'skipped',
    unreachable: isLost(outcome.status),
  }
  if (outcome.status === 'unknown') return partlyKnown({}, String(outcome.result.unknown_because))
  return outcome.foretold ? partlyKnown(flags, context.title) : { ...outcome.result, ...flags }
}
