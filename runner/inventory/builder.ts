import type { Report } from '../errors.js'
import type { Span } from '../syntax/source.js'
import type { Variable } from '../vars/layers.js'
import type { Group, InventoryHost } from './inventory.js'

interface DraftHost {
  readonly name: string
  readonly groups: Set<string>
  readonly vars: Map<string, Variable>
}

interface DraftGroup {
  readonly name: string
  readonly parents: Set<string>
  readonly children: Set<string>
  readonly hosts: Set<string>
  readonly vars: Map<string, Variable>
  priority: number
  span?: Span | undefined
}

/** An inventory while its files are read, one after another: hosts and groups of the same name are united. */
export interface Draft {
  /** The file that each host was first named in, by host. */
  readonly origins: Map<string, string>
  readonly hosts: Map<string, DraftHost>
  readonly groups: Map<string, DraftGroup>
}

export function createDraft(): Draft {
  const draft: Draft = { origins: new Map(), hosts: new Map(), groups: new Map() }
  addChild(draft, 'all', 'ungrouped')
  return draft
}

export function groupOf(draft: Draft, name: string, span?: Span): DraftGroup {
  const known = draft.groups.get(name)
  if (known) {
    known.span ??= span
    return known
  }
  const group: DraftGroup = {
    name,
    parents: new Set(),
    children: new Set(),
    hosts: new Set(),
    vars: new Map(),
    priority: 1,
    span,
  }
  draft.groups.set(name, group)
  return group
}

export function addChild(draft: Draft, parent: string, child: string, span?: Span): void {
  groupOf(draft, parent).children.add(child)
  groupOf(draft, child, span).parents.add(parent)
}

export function addHost(draft: Draft, group: string, name: string): DraftHost {
  const host = draft.hosts.get(name) ?? { name, groups: new Set(), vars: new Map() }
  draft.hosts.set(name, host)
  host.groups.add(group)
  groupOf(draft, group).hosts.add(name)
  return host
}

/**
 * What holds for every inventory: groups without a parent are below `all`, hosts of no other group are in `ungrouped`,
 * no group is below itself, and a name that both a host and a group have is warned of.
 */
export function finish(
  draft: Draft,
  report: Report,
): { hosts: Map<string, InventoryHost>; groups: Map<string, Group> } {
  for (const [name, group] of draft.groups)
    if (name !== 'all' && group.parents.size === 0) addChild(draft, 'all', name)
  for (const { name, groups } of draft.hosts.values()) settle(draft, name, groups)
  const depths = reportCycle(draft, report) ? new Map<string, number>() : depthsOf(draft)
  for (const name of draft.hosts.keys())
    if (draft.groups.has(name))
      report({
        code: 'inventory',
        message: `${name} is a host and a group`,
        span: draft.groups.get(name)?.span,
        hint: 'in a pattern the name means the host',
        severity: 'warning',
      })
  const groups = new Map(
    [...draft.groups].map(([name, group]) => [name, { ...group, depth: depths.get(name) ?? 0 }] as const),
  )
  return { hosts: draft.hosts, groups }
}

function settle(draft: Draft, name: string, groups: Set<string>): void {
  const others = [...groups].filter((group) => group !== 'all' && group !== 'ungrouped')
  if (others.length === 0) addHost(draft, 'ungrouped', name)
  else if (groups.delete('ungrouped')) draft.groups.get('ungrouped')?.hosts.delete(name)
}

/** Find one way from a group back to itself. */
function reportCycle(draft: Draft, report: Report): boolean {
  const done = new Set<string>()
  const walk = (name: string, path: string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    if (done.has(name)) return undefined
    for (const child of draft.groups.get(name)?.children ?? []) {
      const cycle = walk(child, [...path, name])
      if (cycle) return cycle
    }
    done.add(name)
    return undefined
  }
  for (const name of draft.groups.keys()) {
    const cycle = walk(name, [])
    if (!cycle) continue
    const span = draft.groups.get(cycle[0]!)?.span
    report({ code: 'cycle', message: `groups are below themselves: ${cycle.join(' → ')}`, span })
    return true
  }
  return false
}

/** The longest way from `all` to each group. */
function depthsOf(draft: Draft): Map<string, number> {
  const depths = new Map<string, number>()
  const depthOf = (name: string): number => {
    const known = depths.get(name)
    if (known !== undefined) return known
    const parents = [...(draft.groups.get(name)?.parents ?? [])]
    const depth = parents.length === 0 ? 0 : 1 + Math.max(...parents.map(depthOf))
    depths.set(name, depth)
    return depth
  }
  for (const name of draft.groups.keys()) depthOf(name)
  return depths
}
