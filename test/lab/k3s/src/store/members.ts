import type { Kv } from './kv.js'

/** A member of the etcd cluster. `address` is the host's IP; peers talk to it on port 2380. */
export interface Member {
  id: string
  name: string
  nodeName: string
  address: string
  learner: boolean
  /** Milliseconds since the epoch when it was added. */
  since: number
  /** Set once its Node was seen: when that Node is gone later, the member is removed. */
  registered?: boolean
}

export const membersKey = '/members'
export const removedKey = '/removed-members'

export function membersOf(kv: Kv): Member[] {
  return (kv.data.get(membersKey)?.value as Member[] | undefined) ?? []
}

/** Ids that were members once: they are told so, and never taken back. */
export function removedIds(kv: Kv): string[] {
  return (kv.data.get(removedKey)?.value as string[] | undefined) ?? []
}

export function votersOf(members: readonly Member[]): Member[] {
  return members.filter((member) => !member.learner)
}

/** The least number of voters that must agree. */
export function quorum(voters: number): number {
  return Math.floor(voters / 2) + 1
}

/** Whether a set of live members holds a quorum of the voters. */
export function hasQuorum(members: readonly Member[], live: ReadonlySet<string>): boolean {
  const voters = votersOf(members)
  return voters.filter((member) => live.has(member.id)).length >= quorum(voters.length)
}

/**
 * Why a member may not be added now, in etcd's words; undefined when it may.
 * etcd takes one learner at a time, and none while a voter is down (strict reconfiguration check).
 */
export function refuseAdd(
  members: readonly Member[],
  live: ReadonlySet<string>,
  nodeName: string,
): string | undefined {
  if (members.some((member) => member.nodeName === nodeName))
    return 'duplicate node name found, please use a unique name for this node'
  if (members.some((member) => member.learner)) return 'etcdserver: too many learner members in cluster'
  if (!hasQuorum(members, live)) return 'etcdserver: unhealthy cluster'
  return undefined
}

/** Why a member may not be removed now; undefined when it may. */
export function refuseRemove(
  members: readonly Member[],
  live: ReadonlySet<string>,
  id: string,
): string | undefined {
  const rest = members.filter((member) => member.id !== id)
  if (rest.length === members.length) return 'etcdserver: member not found'
  if (votersOf(rest).length === 0 || !hasQuorum(rest, live))
    return 'etcdserver: re-configuration failed due to not enough started members'
  return undefined
}
