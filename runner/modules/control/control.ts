import type { z } from 'zod'
import type { Scope } from '../../expression/compiled.js'
import type { ModuleDoc, ResultFields } from '../module.js'
import type { IncludeVarsArgs } from './include-vars.js'

/** What a module of the engine's own may use. */
export interface Control {
  readonly host: string
  readonly checkMode: boolean
  /** How many times `-v` was given. */
  readonly verbosity: number
  readonly scope: Scope
  /** Evaluate an argument that is a list of conditions; stops at the first that is false and gives its text. */
  firstFalse(argument: string): string | undefined
  /** Ask the person at the terminal. @throws ModuleFailure where there is none */
  prompt(text: string, options: { private: boolean }): Promise<string>
  /** Wait; a text is shown meanwhile, and who reads it at the terminal may go on with Enter. */
  sleep(ms: number, text?: string): Promise<void>
  /** Give the host the variables of files; gives their paths. @throws ModuleFailure */
  includeVariables(request: IncludeVarsArgs): readonly string[]
  /** Put a host into groups of the inventory, to the end of the run; either may be new. */
  addToInventory(host: string, groups: readonly string[], more: InventoryMore): void
  /** Remember what the recap is to tell at the end. */
  addStats(data: Readonly<Record<string, unknown>>, options: { perHost: boolean; aggregate: boolean }): void
}

export interface InventoryMore {
  /** What new groups are below; without any, `all`. */
  readonly parents?: readonly string[]
  readonly vars?: ReadonlyMap<string, unknown>
}

export interface ControlResult {
  readonly changed?: boolean
  readonly fields?: ResultFields
  /** What people are to see, whatever the verbosity. */
  readonly says?: unknown
  /** Variables that hold for this host to the end of the run. */
  readonly facts?: Readonly<Record<string, unknown>>
}

/** A module that works on the controller, on the run's own variables: it reaches no host, and runs in check mode. */
export interface ControlModule<A = unknown> {
  readonly name: string
  readonly doc: ModuleDoc
  readonly args: z.ZodType<A>
  readonly freeForm?: string
  /** It is run for the first host of a batch alone, as what it does is the same for all. */
  readonly once?: true
  /** It only looks at variables: what was read of hosts for later tasks holds on (`readsAhead` of modules). */
  readonly looksOnly?: true
  /** Arguments that are bare JavaScript conditions. */
  readonly conditions?: readonly string[]
  /** Arguments that are bare JavaScript expressions whose value is wanted. */
  readonly expressions?: readonly string[]
  run(args: A, control: Control): Promise<ControlResult> | ControlResult
}

/** Declares a control module, inferring the type of its arguments. */
export function defineControl<A>(module: ControlModule<A>): ControlModule {
  return module as ControlModule
}
