import type { AnyModule, ApplyHost, Change, ResultFields } from '../modules/module.js'

/** Carries a change out. */
export type Applier = (
  module: AnyModule,
  host: ApplyHost,
  args: unknown,
  change: Change<unknown>,
) => Promise<ResultFields>

/** Gives the way to apply, or nothing where the task is only to be foretold. */
export interface Appliers {
  for(checkMode: boolean): Applier | undefined
}

/**
 * The only place that holds on to `apply`. In check mode every task gets `undefined`, whatever it does, but for those
 * that say `check_mode: false`: there is no flag to forget.
 */
export function createAppliers(): Appliers {
  const apply: Applier = (module, host, args, change) => module.apply(host, args, change)
  return { for: (checkMode) => (checkMode ? undefined : apply) }
}
