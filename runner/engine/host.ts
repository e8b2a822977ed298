import type { HostStats, TaskStatus } from '../events.js'
import type { Compiled } from '../expression/compiled.js'
import type { Memory } from '../expression/remembered.js'
import type { FactGroup } from '../modules/facts/groups.js'
import type { Resource } from '../modules/module.js'
import type { RoleInfo, Task } from '../plan/plan.js'
import type { Layer, Variable } from '../vars/layers.js'
import { emptyStats } from './stats.js'

/** Layers, and what they were made of. */
export interface SeenLayers {
  readonly of: readonly unknown[]
  readonly layers: readonly Layer[]
}

/** A change that check mode only foretold. */
export interface PlannedChange {
  readonly task: string
  readonly provides: readonly Resource[]
}

/** Where a host stands in the run. A failed or unreachable one takes no further part. */
export type HostState = 'alive' | 'ended' | 'failed' | 'unreachable'

/** Everything that the run knows of one host. */
export interface HostRun {
  readonly name: string
  state: HostState
  /** What `setup` found. */
  facts?: Readonly<Record<string, unknown>> | undefined
  /** Which groups of facts those are. */
  readonly factGroups: Set<FactGroup>
  /** Results of `register` and variables of `set_fact`, by name: set by `setVariable`, since scopes keep what they saw. */
  variables: Layer['vars']
  /** Variables of `include_vars`, by name: set by `includeVariables`. */
  included: Layer['vars']
  /** Values of variables that were computed for it, wherever they stand. */
  readonly computed: Memory
  /** Variables of roles that were included with `public: true`, to the end of the play. */
  readonly exposed: Set<Layer>
  /** The layers of its latest scopes: those of a task, and those that other hosts see. */
  readonly layers: { ofTask?: SeenLayers; ofHost?: SeenLayers }
  /** Roles of this play, by the keys of their asks: of which a task was not skipped, and which were gone through. */
  readonly roles: { readonly begun: Set<string>; readonly done: Set<string> }
  /** Handlers that a change has called for. */
  readonly notified: Set<Task>
  readonly planned: PlannedChange[]
  readonly stats: HostStats
  /** The run was interrupted here: nothing is rescued any more, `always` still runs. */
  interrupted?: boolean
  /** What failed last in a block with a rescue; told there and afterwards, as Ansible does. */
  failure?: { readonly task: string; readonly result: unknown } | undefined
}

export function createHostRun(name: string): HostRun {
  return {
    name,
    state: 'alive',
    factGroups: new Set(),
    variables: new Map(),
    included: new Map(),
    computed: new WeakMap(),
    exposed: new Set(),
    layers: {},
    roles: { begun: new Set(), done: new Set() },
    notified: new Set(),
    planned: [],
    stats: emptyStats(),
  }
}

export function setVariable(host: HostRun, name: string, value: Compiled): void {
  host.variables = new Map(host.variables).set(name, { value, origin: { layer: 'set-fact' } })
}

export function includeVariables(host: HostRun, more: Iterable<readonly [string, Variable]>): void {
  host.included = new Map([...host.included, ...more])
}

/** A role has begun on a host with its first task that was neither left out nor without a connection. */
export function beginRole(host: HostRun, role: RoleInfo | undefined, status: TaskStatus): void {
  if (role?.ask && status !== 'skipped' && !isLost(status)) host.roles.begun.add(role.ask.key)
}

/** Nothing more can be done there: it could not be reached, or another run holds it. */
export function isLost(status: TaskStatus): boolean {
  return status === 'unreachable' || status === 'locked'
}
