import { LabError } from './errors.js'
import { hostFiles } from './paths.js'
import type { HostRecord, LabState } from './state.js'
import { addressOf } from './subnet.js'

/** How many hosts: `nodes` is servers and agents together (default 5), `servers` of them servers, `busybox` beside them. */
export interface LabSize {
  nodes?: number | undefined
  servers?: number | undefined
  busybox?: number | undefined
}

/** Images by kind of host. */
export interface Images {
  systemd: string
  busybox: string
}

/** Servers among n nodes when nobody says: three, which survive the loss of one, or one when there are too few nodes. */
const defaultServers = (nodes: number): number => (nodes >= 4 ? 3 : Math.min(1, nodes))

/** @throws LabError when the numbers make no lab. */
export const counts = (size: LabSize): { server: number; agent: number; busybox: number } => {
  const nodes = size.nodes ?? Math.max(5, size.servers ?? 0)
  const servers = size.servers ?? defaultServers(nodes)
  const busybox = size.busybox ?? 0
  for (const [name, n] of Object.entries({ nodes, servers, busybox })) {
    if (!Number.isInteger(n) || n < 0) throw new LabError(`--${name} takes a whole number from 0, not ${n}`)
  }
  if (servers > nodes) throw new LabError(`--servers ${servers} is more than --nodes ${nodes}`)
  if (nodes + busybox === 0) throw new LabError('a lab of no hosts: give --nodes or --busybox')
  return { server: servers, agent: nodes - servers, busybox }
}

const HOST_NAMES = { server: 'server', agent: 'agent', busybox: 'box' } as const

/** The hosts that are wanted and not in the lab yet. */
export const hostsToMake = (dir: string, state: LabState, size: LabSize, images: Images): HostRecord[] => {
  const known = new Set(state.hosts.map(({ name }) => name))
  return Object.entries(counts(size))
    .flatMap(([kind, count]) =>
      Array.from({ length: count }, (_, i) => newHost(dir, state, kind as HostRecord['kind'], i + 1, images)),
    )
    .filter(({ name }) => !known.has(name))
}

const newHost = (
  dir: string,
  state: LabState,
  kind: HostRecord['kind'],
  nth: number,
  images: Images,
): HostRecord => {
  const name = `${HOST_NAMES[kind]}-${nth}`
  return {
    name,
    kind,
    address: addressOf(state.subnet, kind, nth),
    // Short: with `vb-` before it, it names a network link, and those have 15 characters.
    machine: `${state.bridge}-${HOST_NAMES[kind][0]}${nth}`,
    merged: hostFiles(dir, name).merged,
    image: kind === 'busybox' ? images.busybox : images.systemd,
  }
}
