import type { HostScope } from '../vars/scope.js'
import type { ItemOutcome, TaskRun } from './item.js'
import { layerOf } from './scope.js'
import { partlyKnown } from './unknown.js'

/** The scope in which `until`, `failed_when` and their kin see the result. */
export function withResult(context: TaskRun, scope: HostScope, outcome: ItemOutcome): HostScope {
  const { register } = context.task
  if (!register) return scope
  return scope.extend([layerOf('set-fact', new Map([[register, registered(context, outcome)]]))])
}

/** What `register` keeps of one item. In check mode, what applying would have returned is unknown. */
export function registered(context: TaskRun, outcome: ItemOutcome): unknown {
  const flags = {
    changed: outcome.status === 'changed',
    failed: outcome.status === 'failed',
    skipped: outcome.status === 'skipped',
    unreachable: outcome.status === 'unreachable',
  }
  if (outcome.status === 'unknown') return partlyKnown({}, String(outcome.result.unknown_because))
  return outcome.foretold ? partlyKnown(flags, context.title) : { ...outcome.result, ...flags }
}
