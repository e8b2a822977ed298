import type { Report } from '../errors.js'
import type { Inventory } from '../inventory/inventory.js'
import type { Layer } from '../vars/layers.js'
import { checkNames, type Known } from './check-names.js'

/** Every layer of an inventory's hosts, once, and those of groups that a run may put hosts into. */
export function inventoryLayers(inventory: Inventory): ReadonlySet<Layer> {
  const empty = [...inventory.groups.keys()].filter((group) => inventory.hostsOf(group).length === 0)
  return new Set([
    ...[...inventory.hosts.keys()].flatMap((host) => inventory.layersFor(host)),
    ...empty.flatMap((group) => inventory.groupLayers(group)),
  ])
}

/**
 * Names that nothing defines, in the variables of an inventory that the plan uses, directly or through others, and in
 * those by which hosts are reached. An inventory may well hold variables of other playbooks, whose names are unknown here.
 */
export function checkInventory(layers: ReadonlySet<Layer>, known: Known, report: Report): void {
  const connection = [...layers].flatMap((layer) =>
    [...layer.vars.keys()].filter((name) => name.startsWith('ansible_')),
  )
  const left = new Set([...known.used, ...connection])
  for (const name of left)
    for (const layer of layers) {
      const value = layer.vars.get(name)?.value
      if (!value || value.names.size === 0) continue
      checkNames([value], known, report)
      for (const needed of value.names) left.add(needed)
    }
}
