import type { Inventory } from '../inventory/inventory.js'
import type { Variable } from '../vars/layers.js'
import { createScope } from '../vars/scope.js'
import { sortedEntries, toPythonText } from './python.js'

type Values = Record<string, unknown>

/** What a variable holds, templates as they are written: `ansible-inventory` evaluates none, either. */
function written({ value }: Variable): unknown {
  return value.constant ? value.constant.value : value.written
}

function valuesOf(names: Iterable<string>, find: (name: string) => Variable | undefined): Values {
  const pairs = [...names].flatMap((name) => {
    const variable = find(name)
    return variable ? [[name, written(variable)] as const] : []
  })
  return Object.fromEntries(pairs)
}

/** The variables of a host, all layers merged. */
export function hostValues(inventory: Inventory, host: string): Values {
  const scope = createScope(inventory.layersFor(host), new Map())
  return valuesOf(scope.names(), (name) => scope.explain(name)?.winner)
}

function groupValues(inventory: Inventory, group: string): Values {
  const scope = createScope(inventory.groupLayers(group), new Map())
  const values = valuesOf(scope.names(), (name) => scope.explain(name)?.winner)
  const priority = inventory.groups.get(group)?.priority ?? 1
  return priority === 1 ? values : { ...values, ansible_group_priority: priority }
}

/** `--list`: each group with its hosts and children, and every host's variables under `_meta`. */
export function listView(inventory: Inventory, hosts: readonly string[]): Values {
  const wanted = new Set(hosts)
  const view: Values = {}
  for (const [name, group] of inventory.groups) {
    const own = name === 'all' ? [] : [...group.hosts].filter((host) => wanted.has(host))
    const parts = { children: [...group.children], hosts: own }
    const filled = Object.entries(parts).filter(([, part]) => part.length > 0)
    if (filled.length > 0) view[name] = Object.fromEntries(filled)
  }
  const hostvars = hosts
    .map((host) => [host, hostValues(inventory, host)] as const)
    .filter(([, values]) => Object.keys(values).length > 0)
  return { ...view, _meta: { hostvars: Object.fromEntries(hostvars) } }
}

/** `--list --yaml`: the same as a tree; a host's variables stand at its first place. */
export function yamlView(inventory: Inventory, hosts: readonly string[]): Values {
  const wanted = new Set(hosts)
  const seen = new Set<string>()
  const format = (name: string): Values => {
    const group = inventory.groups.get(name)
    const children = Object.fromEntries([...(group?.children ?? [])].map((child) => [child, format(child)]))
    const own = name === 'all' ? [] : [...(group?.hosts ?? [])].filter((host) => wanted.has(host))
    const inside = own.map((host) => {
      const values = seen.has(host) ? {} : hostValues(inventory, host)
      seen.add(host)
      return [host, values] as const
    })
    const parts = { children, hosts: Object.fromEntries(inside) }
    return Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0))
  }
  return { all: format('all') }
}

export interface GraphOptions {
  readonly hosts: readonly string[]
  /** Show variables, too. */
  readonly vars: boolean
}

/** `--graph`: the tree below a group, as lines. */
export function graphView(inventory: Inventory, start: string, { hosts, vars }: GraphOptions): string {
  const wanted = new Set(hosts)
  const line = (text: string, depth: number): string => (depth > 0 ? `${'  |'.repeat(depth)}--${text}` : text)
  const variables = (values: Values, depth: number): string[] =>
    vars
      ? sortedEntries(values).map(([name, value]) => line(`{${name} = ${toPythonText(value)}}`, depth))
      : []
  const format = (name: string, depth: number): string[] => {
    const group = inventory.groups.get(name)
    const own = name === 'all' ? [] : [...(group?.hosts ?? [])].filter((host) => wanted.has(host))
    return [
      line(`@${name}:`, depth),
      ...[...(group?.children ?? [])].flatMap((child) => format(child, depth + 1)),
      ...own.flatMap((host) => [
        line(host, depth + 1),
        ...(vars ? variables(hostValues(inventory, host), depth + 2) : []),
      ]),
      ...(vars ? variables(groupValues(inventory, name), depth + 1) : []),
    ]
  }
  return format(start, 0).join('\n')
}
