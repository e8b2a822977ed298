import type { CustomData } from '../events.js'

/** What `set_stats` was told, of the run and of single hosts. */
export interface CustomStats {
  /** @param host of which it is told; absent: of the run */
  add(host: string | undefined, data: Readonly<Record<string, unknown>>, aggregate: boolean): void
  /** Nothing where nothing was told. */
  told(): CustomData | undefined
}

export function createCustomStats(): CustomStats {
  const run = new Map<string, unknown>()
  const hosts = new Map<string, Map<string, unknown>>()
  return {
    add(host, data, aggregate) {
      const mine = host === undefined ? run : (hosts.get(host) ?? new Map<string, unknown>())
      if (host !== undefined) hosts.set(host, mine)
      for (const [name, value] of Object.entries(data))
        mine.set(name, aggregate && mine.has(name) ? joined(mine.get(name), value) : value)
    },
    told() {
      if (run.size + hosts.size === 0) return undefined
      const ofHosts = [...hosts].map(([host, values]) => [host, Object.fromEntries(values)] as const)
      return { run: Object.fromEntries(run), hosts: Object.fromEntries(ofHosts) }
    },
  }
}

/** Ansible's sum of two values of one kind; of different kinds, the later one holds. */
function joined(before: unknown, after: unknown): unknown {
  if (typeof before === 'number' && typeof after === 'number') return before + after
  if (typeof before === 'string' && typeof after === 'string') return before + after
  if (Array.isArray(before) && Array.isArray(after)) return [...before, ...after]
  return isMapping(before) && isMapping(after) ? { ...before, ...after } : after
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
