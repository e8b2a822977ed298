import { sleep } from '../core/log.js'
import { Conflict, type Entry, type Kv, type Txn } from './kv.js'
import type { Member } from './members.js'
import type { Raft } from './raft.js'

/** What the API server needs of the datastore, whichever kind it is. */
export interface Store {
  kind: 'etcd' | 'sqlite'
  /** This server's member id. */
  id: string
  raft: Raft
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
  return store.raft.kv
}

export function memberList(store: Store): Member[] {
  return store.raft.members
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
