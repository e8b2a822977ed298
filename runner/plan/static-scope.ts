import { constant } from '../expression/compiled.js'
import type { Inventory } from '../inventory/inventory.js'
import type { Layer } from '../vars/layers.js'
import { createScope, type HostScope } from '../vars/scope.js'

/** `-e` as a layer. */
export function extraLayer(values: ReadonlyMap<string, unknown>): Layer {
  const vars = [...values].map(
    ([name, value]) => [name, { value: constant(value), origin: { layer: 'extra-vars' } }] as const,
  )
  return { name: 'extra-vars', vars: new Map(vars) }
}

/** A host's variables outside of any run: what only a run knows, such as facts, is missing. */
export function staticScope(inventory: Inventory, host: string, layers: readonly Layer[]): HostScope {
  const groups = () =>
    Object.fromEntries([...inventory.groups.keys()].map((name) => [name, inventory.hostsOf(name)]))
  const views = new Map<string, object>()
  const view = (other: string): object => {
    const known = views.get(other)
    if (known) return known
    const scope = staticScope(inventory, other, layers)
    const made = new Proxy(Object.create(null) as object, {
      get: (_, key) => (typeof key === 'string' ? scope.lookup(key)?.value : undefined),
      has: (_, key) => typeof key === 'string' && scope.lookup(key) !== undefined,
    })
    views.set(other, made)
    return made
  }
  const hostvars = () =>
    Object.defineProperties(
      {},
      Object.fromEntries(
        [...inventory.hosts.keys()].map((other) => [other, { get: () => view(other), enumerable: true }]),
      ),
    )
  const magic = new Map<string, () => unknown>([
    ['inventory_hostname', () => host],
    ['inventory_hostname_short', () => host.split('.')[0]],
    ['group_names', () => inventory.groupNames(host)],
    ['groups', groups],
    ['hostvars', hostvars],
    ['inventory_dir', () => inventory.dir],
  ])
  return createScope([...inventory.layersFor(host), ...layers], magic)
}
