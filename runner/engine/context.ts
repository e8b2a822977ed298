import type { Emit } from '../events.js'
import type { Plan, Play } from '../plan/plan.js'
import type { Redactor } from '../secrets/redact.js'
import type { Secret } from '../secrets/secret.js'
import type { HostKeyPolicy } from '../transport/transport.js'
import type { Appliers } from './applier.js'
import type { Connections } from './connections.js'
import type { CustomStats } from './custom-stats.js'
import type { HostRun } from './host.js'
import type { Limit } from './limits.js'
import type { LiveInventory } from './live-inventory.js'
import type { StepGate } from './step-gate.js'
import type { AskHost } from './together.js'

/** What the command line says about a run. */
export interface RunOptions {
  /** Of tsplay. */
  readonly version: string
  readonly check: boolean
  readonly diff: boolean
  readonly failOnChange: boolean
  /** How many hosts work at once. */
  readonly forks: number
  readonly limit?: string | undefined
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  /** Handlers that were notified run on hosts that failed, whatever the play says. */
  readonly forceHandlers: boolean
  readonly verbosity: number
  readonly extraVars: ReadonlyMap<string, unknown>
  readonly connection: ConnectionOptions
}

/** What holds where neither the inventory nor a playbook says otherwise. */
export interface ConnectionOptions {
  readonly user?: string | undefined
  readonly connection?: string | undefined
  /** Arguments as ssh takes them, in the place of the variables of these names. */
  readonly sshCommonArgs?: string | undefined
  readonly sshExtraArgs?: string | undefined
  readonly password?: Secret | undefined
  readonly privateKey?: string | undefined
  readonly hostKeyPolicy?: HostKeyPolicy | undefined
  /** Milliseconds. */
  readonly connectTimeoutMs?: number | undefined
  readonly become: boolean
  readonly becomeUser?: string | undefined
  readonly becomeMethod?: string | undefined
  readonly becomePassword?: Secret | undefined
}

/** Asks the person at the terminal, until the signal at most. @throws Error with what to do where there is no terminal */
export type Ask = (text: string, options: { private: boolean; until?: AbortSignal }) => Promise<string>

/** What is shared by everything of one run. */
export interface Run {
  readonly plan: Plan
  readonly options: RunOptions
  readonly emit: Emit
  readonly redactor: Redactor
  readonly ask: Ask
  readonly hosts: Map<string, HostRun>
  /** All hosts and groups as they are by now. */
  readonly inventory: LiveInventory
  /** What `set_stats` was told. */
  readonly customStats: CustomStats
  readonly connections: Connections
  readonly askHost: AskHost
  readonly appliers: Appliers
  readonly forks: Limit
  /** `--step`: asks whether a task is to run; absent, all do. */
  readonly gate?: StepGate | undefined
  /** First Ctrl-C: no new task starts. */
  readonly stop: AbortSignal
  /** Second Ctrl-C: running scripts are killed. */
  readonly abort: AbortSignal
}

/** One play over one batch of its hosts. */
export interface Batch {
  readonly play: Play
  readonly playName: string
  readonly playVars: ReadonlyMap<string, unknown>
  readonly allHosts: readonly string[]
  readonly hosts: readonly HostRun[]
  readonly forceHandlers: boolean
  /** Set by `meta: end_play`: no further batch runs. */
  readonly end: { play: boolean }
  /** The play stops when more than this percentage of the batch has failed. */
  readonly maxFailPercentage: number | undefined
}
