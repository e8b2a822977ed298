import type { ControlModule } from '../modules/control/control.js'
import { controlModules } from '../modules/control/index.js'
import type { AnyModule } from '../modules/module.js'
import { customModules, findModule, modules } from '../modules/registry.js'
import { directiveDocs } from './directives.js'

/** Words that stand in a module's place and that the planner itself understands. */
export const directives: ReadonlySet<string> = new Set(
  directiveDocs.map(({ name }) => name).filter((name) => name !== 'import_playbook'),
)

const prefixes = ['ansible.builtin.', 'ansible.legacy.', 'community.general.', 'ansible.posix.']

/** `ansible.builtin.copy` means `copy`: names as collections write them are aliases. */
export function plainName(key: string): string {
  if (!key.includes('.')) return key
  const prefix = prefixes.find((candidate) => key.startsWith(candidate))
  return prefix ? key.slice(prefix.length) : key
}

/** What a task's module is: it works on hosts, or on the run's own variables. */
export type FoundModule =
  | { readonly kind: 'module'; readonly module: AnyModule }
  | { readonly kind: 'control'; readonly module: ControlModule }

const byKey = new Map<string, FoundModule | undefined>()

/** The module that a task's key names. */
export function lookUpModule(key: string): FoundModule | undefined {
  if (!byKey.has(key)) byKey.set(key, findByName(plainName(key)))
  // A module of a library/ folder is that of one run: it is not kept.
  const custom = customModules().get(key)
  return byKey.get(key) ?? (custom && { kind: 'module', module: custom })
}

function findByName(name: string): FoundModule | undefined {
  const control = controlModules.find((module) => module.name === name)
  if (control) return { kind: 'control', module: control }
  const module = findModule(name)
  return module && { kind: 'module', module }
}

/** What may stand where a module's name is expected, for "did you mean". */
export const actionNames = {
  has: (key: string) => directives.has(plainName(key)) || lookUpModule(key) !== undefined,
  get names() {
    return [
      ...directives,
      ...controlModules.map((module) => module.name),
      ...Object.keys(modules),
      ...customModules().keys(),
    ]
  },
}
