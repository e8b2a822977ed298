import type { Compiled } from '../expression/compiled.js'
import type { Span } from '../syntax/source.js'
import type { ValueType } from './typed.js'

/** Ansible's 22 levels of precedence, lowest first, by what each one is; and the loop's own variables on top. */
export const layerDocs = {
  'command-line':
    'options such as -u, and keywords: they set no variables but environment; any variable wins over them',
  'role-defaults': "a role's defaults/main.yaml",
  'inventory-group-vars': 'vars of any group in an inventory file; a child group wins over its parents',
  'inventory-group-vars-all': 'group_vars/all beside the inventory',
  'playbook-group-vars-all': 'group_vars/all beside the playbook',
  'inventory-group-vars-files': 'group_vars/GROUP beside the inventory',
  'playbook-group-vars-files': 'group_vars/GROUP beside the playbook',
  'inventory-host-vars': 'variables of the host in an inventory file',
  'inventory-host-vars-files': 'host_vars/HOST beside the inventory',
  'playbook-host-vars-files': 'host_vars/HOST beside the playbook',
  facts: 'facts and cached set_fact; here facts stand under facts. alone and set no other variable',
  'play-vars': "a play's vars",
  'vars-prompt': "a play's vars_prompt",
  'vars-files': "a play's vars_files",
  'role-vars': "a role's vars/main.yaml",
  'block-vars': "a block's vars; an inner block wins",
  'task-vars': "a task's vars",
  'include-vars': 'include_vars',
  'set-fact': 'set_fact and register',
  'role-params': 'variables given to a role where it is used',
  'include-params': 'variables given to include_tasks and import_tasks',
  'extra-vars': '-e on the command line',
  'loop-vars': "a loop's item and index: nothing replaces them inside their loop",
} as const

export type LayerName = keyof typeof layerDocs

const ranks: ReadonlyMap<string, number> = new Map(Object.keys(layerDocs).map((name, index) => [name, index]))

/** The place of a layer in the order of precedence: the higher one wins. */
export function rankOf(name: LayerName): number {
  return ranks.get(name)!
}

/** A variable as it was written, and where: what `tsplay explain` shows. */
export interface Variable {
  readonly value: Compiled
  readonly origin: {
    readonly layer: LayerName
    readonly span?: Span | undefined
    /** Which group, host, role or file. */
    readonly note?: string | undefined
  }
}

/** Variables of one origin. Of two layers with the same name, the later one wins. */
export interface Layer {
  readonly name: LayerName
  readonly vars: ReadonlyMap<string, Variable>
  /** With a role's defaults: what its argument spec says of its variables, wherever their values come from. */
  readonly types?: ReadonlyMap<string, ValueType>
}
