import { sleep } from '../core/log.js'
import { Conflict, type Entry, type Kv, type Txn } from './kv.js'
import type { Member } from './members.js'

/** This server's part in the datastore: its copy of the state, and whether it is the one that works on it. */
export interface Replica {
  readonly kv: Kv
  readonly members: Member[]
  readonly isLeader: boolean
  /** When this server became leader, ms since the epoch; 0 otherwise. */
  readonly leaderSince: number
  /** Members heard from of late. Only the leader knows. */
  live(): Set<string>
  /** Whether a member has all that this leader has. */
  hasCaughtUp(id: string): boolean
}

/** What the API server needs of the datastore, whichever kind it is. */
export interface Store {
  kind: 'etcd' | 'sqlite' | 'external'
  /** This server's member id. */
  id: string
  replica: Replica
  /** The state, after making sure that it is not stale. @throws Unavailable without a quorum. */
  read(): Promise<Kv>
  /** Writes under guards. @throws Conflict, Unavailable */
  txn(txn: Txn): Promise<void>
  /** Asks the leader to do something only it can: count heartbeats, add members. */
  atLeader<T>(route: string, body: unknown): Promise<T>
  stop(): void
}

/** The local copy of the state, which may be stale; for controllers that look again soon. */
export function localKv(store: Store): Kv {
  return store.replica.kv
}

export function memberList(store: Store): Member[] {
  return store.replica.members
}

/**
 * Reads, changes and writes one value; tries again when somebody else was faster. `change` returns the new value,
 * undefined to delete, or the old one to leave it.
 */
export async function update<T>(
  store: Store,
  key: string,
  change: (old: T | undefined) => T | undefined,
): Promise<Entry | undefined> {
  for (let attempt = 0; ; attempt += 1) {
    const kv = await store.read()
    const entry = kv.data.get(key)
    const next = change(entry === undefined ? undefined : (structuredClone(entry.value) as T))
    if (next === undefined && entry === undefined) return undefined
    if (entry !== undefined && JSON.stringify(next) === JSON.stringify(entry.value)) return entry
    const guards = { [key]: entry?.mod ?? 0 }
    try {
      await store.txn(next === undefined ? { guards, del: [key] } : { guards, set: { [key]: next } })
      return (await store.read()).data.get(key)
    } catch (error) {
      if (!(error instanceof Conflict) || attempt > 8) throw error
      await sleep(10 + Math.random() * 20)
    }
  }
}
