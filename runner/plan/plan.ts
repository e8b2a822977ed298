import type { Compiled } from '../expression/compiled.js'
import type { LoadedInventory } from '../inventory/inventory.js'
import type { ControlModule } from '../modules/control/control.js'
import type { AnyModule } from '../modules/module.js'
import type { MappingEntry } from '../syntax/node.js'
import type { Span } from '../syntax/source.js'
import type { Layer } from '../vars/layers.js'
import type { HostVarsFile } from './vars-files.js'

/** Arguments that tasks take where they give none themselves, by module. */
export type ModuleDefaults = ReadonlyMap<string, readonly MappingEntry[]>

/** Keywords that a child takes over from the play, block, role or import around it; the nearest wins. */
export interface Keywords {
  readonly become?: Compiled | undefined
  readonly become_user?: Compiled | undefined
  readonly become_method?: Compiled | undefined
  readonly remote_user?: Compiled | undefined
  readonly port?: Compiled | undefined
  readonly connection?: Compiled | undefined
  readonly no_log?: Compiled | undefined
  readonly run_once?: Compiled | undefined
  readonly ignore_errors?: Compiled | undefined
  readonly ignore_unreachable?: Compiled | undefined
  readonly any_errors_fatal?: Compiled | undefined
  readonly check_mode?: Compiled | undefined
  readonly diff?: Compiled | undefined
  readonly timeout?: Compiled | undefined
  readonly throttle?: Compiled | undefined
  readonly delegate_to?: Compiled | undefined
  readonly delegate_facts?: Compiled | undefined
  /** Outer to inner: merged, the inner winning key by key. */
  readonly environment: readonly Compiled[]
  /** Outer to inner: all must hold. */
  readonly when: readonly Compiled[]
  /** The union of all around. */
  readonly tags: readonly string[]
  /** The inner ones win argument by argument. */
  readonly module_defaults: ModuleDefaults
  /** Handlers that a change calls: a block's hold for its tasks that name none. */
  readonly notify: readonly Compiled[]
}

/** A role as it was found: its name, and the folder that its files and templates are looked for in. */
export interface RoleInfo {
  readonly name: string
  readonly path: string
  /** The roles whose tasks brought this one in, the nearest first. */
  readonly parents: readonly RoleInfo[]
  /** What it was asked for with; handlers have none. */
  readonly ask?: RoleAsk | undefined
}

/** One asking for a role: an entry of `roles`, a dependency, an include. */
export interface RoleAsk {
  /** Alike for those that are the same: the same role with the same parameters, tags and conditions. */
  readonly key: string
  /** It runs on a host that has done the same before in the play (`allow_duplicates`). */
  readonly again: boolean
}

export interface LoopControl {
  readonly loopVar: string
  readonly indexVar?: string | undefined
  readonly label?: Compiled | undefined
  /** Seconds between items. */
  readonly pause?: Compiled | undefined
  /** `ansible_loop` tells where the loop stands, and with all its items unless `extendedAllItems` is false. */
  readonly extended?: Compiled | undefined
  readonly extendedAllItems?: Compiled | undefined
  /** The loop ends after an item for which these hold. */
  readonly breakWhen?: readonly Compiled[] | undefined
}

export interface Task {
  readonly kind: 'task'
  readonly id: number
  /** Position in the play, for strategies that keep hosts in step. */
  readonly order: number
  readonly name?: Compiled | undefined
  readonly action: Action
  readonly keywords: Keywords
  readonly loop?: Compiled | undefined
  readonly loopControl: LoopControl
  readonly register?: string | undefined
  readonly notify: readonly Compiled[]
  readonly changedWhen?: readonly Compiled[] | undefined
  readonly failedWhen?: readonly Compiled[] | undefined
  readonly until?: readonly Compiled[] | undefined
  readonly retries?: Compiled | undefined
  readonly delay?: Compiled | undefined
  /** Seconds that it may go on by itself on the host; nothing or 0: the task waits for its script. */
  readonly async?: Compiled | undefined
  /** Seconds between two looks at it; 0: nobody waits. */
  readonly poll?: Compiled | undefined
  /** Names of variables that it sets, as far as they are known before the run. */
  readonly produces?: readonly string[]
  /** Variables that hold for this task: its role's, those of the blocks around it, its own. */
  readonly layers: readonly Layer[]
  readonly role?: RoleInfo | undefined
  readonly span: Span
  /** The names and topics that it answers to, as a handler. */
  readonly listen: readonly string[]
}

/** What a task does: a module on the host, or a module of the engine's own on the controller. */
export type Action =
  | {
      readonly kind: 'module'
      readonly module: AnyModule
      readonly args: Compiled
      readonly argumentNames: readonly string[]
      /** The arguments one by one, for messages that point at one. */
      readonly parts: readonly Compiled[]
    }
  | {
      readonly kind: 'control'
      readonly module: ControlModule
      readonly args: Compiled
      readonly argumentNames: readonly string[]
      readonly parts: readonly Compiled[]
      /** Arguments that are conditions (`that`), by name. */
      readonly conditions: Readonly<Record<string, readonly Compiled[]>>
    }

export interface Block {
  readonly kind: 'block'
  readonly order: number
  readonly span: Span
  readonly block: readonly PlanNode[]
  readonly rescue: readonly PlanNode[]
  readonly always: readonly PlanNode[]
  /** The tasks of a role, all of them, stand in a block of their own. */
  readonly ask?: RoleAsk
}

/** What an include brings in. */
export interface Included {
  readonly children: readonly PlanNode[]
  /** Variables of a role that hold for the rest of the play (`public: true`). */
  readonly exposes: readonly Layer[]
  /** Variables of a role whose values are never shown. */
  readonly secrets: readonly string[]
}

/** A file of tasks or a role whose `when` and `loop` are evaluated once, where it is included. */
export interface Include extends Included {
  readonly kind: 'include'
  readonly task: Task
  readonly order: number
  /** Where what is included is only known in the run. */
  readonly load?: {
    readonly names: readonly (readonly [string, Compiled])[]
    /** @throws InputError with the mistakes of what it reads */
    readonly read: (names: Readonly<Record<string, string>>) => Included
  }
}

export type Handler = Task | Include

/** A handler's name, topics and role are those of its task. */
export function taskOfHandler(handler: Handler): Task {
  return handler.kind === 'task' ? handler : handler.task
}

export const metaActions = [
  'flush_handlers',
  'noop',
  'end_host',
  'end_role',
  'end_batch',
  'end_play',
  'refresh_inventory',
  'clear_facts',
  'clear_host_errors',
  'reset_connection',
] as const
export type MetaAction = (typeof metaActions)[number]

/** `meta`: what the engine does between tasks. */
export interface Meta {
  readonly kind: 'meta'
  readonly name?: Compiled | undefined
  readonly order: number
  readonly action: MetaAction
  readonly keywords: Pick<Keywords, 'any_errors_fatal'>
  readonly when: readonly Compiled[]
  readonly tags: readonly string[]
  /** Put there by the planner: no tag leaves it out but the play's own. */
  readonly implicit?: boolean
  readonly layers: readonly Layer[]
  readonly role?: RoleInfo | undefined
  readonly span?: Span | undefined
}

export type PlanNode = Task | Block | Include | Meta

/** `vars_prompt`: asked before any host is touched, unless `-e` gives it. */
export interface Prompt {
  readonly name: string
  readonly prompt: Compiled
  readonly default?: Compiled | undefined
  readonly private: boolean
  /** Asked twice, until both answers are the same. */
  readonly confirm: boolean
  /** Asked only where these hold (tsplay's own addition). */
  readonly when: readonly Compiled[]
  readonly span: Span
}

/** How hosts go through a play: in step, each on its own, or each on its own while it keeps its place among the forks. */
export const strategies = ['linear', 'free', 'host_pinned'] as const
export type Strategy = (typeof strategies)[number]

/** In which order the hosts of a play are taken. */
export const hostOrders = ['inventory', 'reverse_inventory', 'sorted', 'reverse_sorted', 'shuffle'] as const
export type HostOrder = (typeof hostOrders)[number]

export interface Play {
  /** The playbook of the command line that it stands in, or that imports it. */
  readonly playbook: string
  readonly name?: Compiled | undefined
  readonly hosts: Compiled
  readonly gatherFacts: boolean | 'smart'
  readonly serial: readonly Compiled[]
  readonly gatherTimeout?: Compiled | undefined
  /** `setup`, with what the play and its `module_defaults` say of it. */
  readonly gathering: Action
  readonly strategy: Strategy
  readonly order: HostOrder
  readonly maxFailPercentage?: Compiled | undefined
  readonly forceHandlers?: Compiled | undefined
  readonly keywords: Keywords
  /** Play variables, and the defaults and variables of the roles that it names. */
  readonly layers: readonly Layer[]
  /** Of `roles`: those that stand there, and those that they depend on. */
  readonly roleNames: { readonly named: readonly string[]; readonly dependencies: readonly string[] }
  /** Files of variables whose names each host gives; their places are among the layers. */
  readonly varsFilesOfHosts: readonly HostVarsFile[]
  readonly prompts: readonly Prompt[]
  /** Everything in the order it runs, the implicit flushes included. */
  readonly nodes: readonly PlanNode[]
  /** In the order of definition: roles' first, then the play's own. */
  readonly handlers: readonly Handler[]
  /** Names of variables whose values are never shown (`no_log: true` in a role's argument specs). */
  readonly secrets: ReadonlySet<string>
  readonly playbookDir: string
  readonly span: Span
}

/** Everything that the files say, checked: what a run would do on which hosts. */
export interface Plan {
  readonly plays: readonly Play[]
  readonly inventory: LoadedInventory
  readonly playbooks: readonly string[]
}
