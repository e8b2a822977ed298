import { constant } from '../expression/index.js'
import type { Layer, Variable } from '../vars/layers.js'
import { type Group, type Inventory, type InventoryHost, localNames } from './inventory.js'
import type { VarsFolders } from './vars-files.js'

/** The finished inventory: what is asked of it is computed once. */
export function createInventory(
  hosts: ReadonlyMap<string, InventoryHost>,
  groups: ReadonlyMap<string, Group>,
  folders: readonly VarsFolders[],
  dir: string,
  origins: ReadonlyMap<string, string>,
): Inventory {
  const hostsOf = cached((name) => orderedHosts(name, groups))
  const groupsOf = cached((host) => mergeOrder(host, hosts, groups))
  const layersFor = cached((host) => layersOf(host, hosts.get(host), groupsOf(host), folders))
  const groupNames = cached((host) =>
    groupsOf(host)
      .map(({ name }) => name)
      .filter((name) => name !== 'all')
      .sort(),
  )
  const groupLayers = (name: string) => layersOfGroup(name, groups.get(name), folders)
  const fileOf = (host: string) => origins.get(host)
  return { hosts, groups, dir, fileOf, hostsOf, groupNames, layersFor, groupLayers }
}

function cached<T>(compute: (name: string) => T): (name: string) => T {
  const values = new Map<string, T>()
  return (name) => {
    const known = values.get(name)
    if (known !== undefined) return known
    const value = compute(name)
    values.set(name, value)
    return value
  }
}

/** A group's own hosts, then those of its children, level by level (Ansible's order). */
function orderedHosts(name: string, groups: ReadonlyMap<string, Group>): string[] {
  const seen = new Set([name])
  const found = new Set<string>()
  for (const current of seen) {
    const group = groups.get(current)
    for (const host of group?.hosts ?? []) found.add(host)
    for (const child of group?.children ?? []) seen.add(child)
  }
  return [...found]
}

/** A host's groups and all above them, in the order in which their variables are merged: later ones win. */
function mergeOrder(
  host: string,
  hosts: ReadonlyMap<string, InventoryHost>,
  groups: ReadonlyMap<string, Group>,
): Group[] {
  const names = new Set(['all', ...(hosts.get(host)?.groups ?? [])])
  for (const name of names) for (const parent of groups.get(name)?.parents ?? []) names.add(parent)
  return [...names]
    .flatMap((name) => groups.get(name) ?? [])
    .sort(
      (a, b) =>
        a.depth - b.depth || a.priority - b.priority || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
    )
}

function layersOf(
  name: string,
  host: InventoryHost | undefined,
  groups: readonly Group[],
  folders: readonly VarsFolders[],
): Layer[] {
  const own = groups.map(({ vars }): Layer => ({ name: 'inventory-group-vars', vars }))
  const ofGroups = (place: string, names: readonly Group[]) =>
    folders
      .filter((folder) => folder.place === place)
      .flatMap((folder) => names.flatMap((group) => folder.groups.get(group.name) ?? []))
  const ofHost = (place: string) =>
    folders.filter((folder) => folder.place === place).flatMap((folder) => folder.hosts.get(name) ?? [])
  const all = groups.filter((group) => group.name === 'all')
  const others = groups.filter((group) => group.name !== 'all')
  return [
    ...own,
    ...ofGroups('inventory', all),
    ...ofGroups('playbook', all),
    ...ofGroups('inventory', others),
    ...ofGroups('playbook', others),
    { name: 'inventory-host-vars', vars: host?.vars ?? implicitVars(name) },
    ...ofHost('inventory'),
    ...ofHost('playbook'),
  ]
}

/** A group's own variables, without those of the groups above it. */
function layersOfGroup(name: string, group: Group | undefined, folders: readonly VarsFolders[]): Layer[] {
  return [
    { name: 'inventory-group-vars', vars: group?.vars ?? new Map() },
    ...folders.flatMap((folder) => folder.groups.get(name) ?? []),
  ]
}

/** `localhost` without an entry in an inventory is the controller itself. */
function implicitVars(name: string): ReadonlyMap<string, Variable> {
  if (!localNames.has(name)) return new Map()
  const origin = { layer: 'inventory-host-vars', note: `${name}, implicit` } as const
  return new Map([['ansible_connection', { value: constant('local'), origin }]])
}
