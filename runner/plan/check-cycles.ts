import type { Report } from '../errors.js'
import type { Inventory } from '../inventory/inventory.js'
import type { Layer } from '../vars/layers.js'
import type { HostScope } from '../vars/scope.js'
import type { Task } from './plan.js'
import { staticScope } from './static-scope.js'

/**
 * Variables that need each other for ever. Whether they do depends on which definitions win on a host, so the names are
 * looked through first, whatever defines them, and hosts only where these go round in a circle.
 */
export function checkCycles(
  tasks: readonly Task[],
  hosts: readonly string[],
  layers: readonly Layer[],
  inventory: Inventory,
  report: Report,
): void {
  const own = new Set(tasks.flatMap((task) => task.layers))
  const all = [...hosts.flatMap((host) => inventory.layersFor(host)), ...layers, ...own]
  const suspects = inCircles(namesOf(new Set(all)))
  if (suspects.size === 0) return
  for (const host of hosts) {
    const places = [[], ...[...own].filter((layer) => holdsAny(layer, suspects)).map((layer) => [layer])]
    for (const more of places) {
      const scope = staticScope(inventory, host, [...layers, ...more])
      for (const name of suspects) confirm(name, scope, report)
    }
  }
}

function holdsAny(layer: Layer, names: ReadonlySet<string>): boolean {
  return [...names].some((name) => layer.vars.has(name))
}

/** What each name may need, by any of its definitions. */
function namesOf(layers: Iterable<Layer>): Map<string, Set<string>> {
  const needs = new Map<string, Set<string>>()
  for (const layer of layers)
    for (const [name, { value }] of layer.vars) {
      if (value.names.size === 0) continue
      const known = needs.get(name) ?? new Set()
      for (const needed of value.names) known.add(needed)
      needs.set(name, known)
    }
  return needs
}

/** The names that are left when all that end somewhere are taken away. */
function inCircles(needs: Map<string, Set<string>>): Set<string> {
  const left = new Map(
    [...needs].map(([name, needed]) => [name, new Set([...needed].filter((n) => needs.has(n)))]),
  )
  for (let removed = true; removed; ) {
    removed = false
    for (const [name, needed] of left) {
      for (const each of needed) if (!left.has(each)) needed.delete(each)
      if (needed.size === 0) removed = left.delete(name) || removed
    }
  }
  return new Set(left.keys())
}

function confirm(start: string, scope: HostScope, report: Report): void {
  const walk = (name: string, chain: readonly string[]): readonly string[] | undefined => {
    if (chain.includes(name)) return name === start ? [...chain, name] : undefined
    for (const needed of scope.explain(name)?.winner.value.names ?? []) {
      const found = walk(needed, [...chain, name])
      if (found) return found
    }
    return undefined
  }
  const chain = walk(start, [])
  const first = chain && [...chain].sort()[0]
  if (!chain || first !== start) return
  const { value, origin } = scope.explain(start)!.winner
  report({
    code: 'cycle',
    message: `variables need each other: ${chain.join(' → ')}`,
    span: value.span ?? origin.span,
  })
}
