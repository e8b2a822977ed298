/** One stored value with the revisions at which it was made and last changed. */
export interface Entry {
  value: unknown
  mod: number
  created: number
}

/** A change as it is replicated and logged: it follows exactly the state (prevTerm, prevRev). */
export interface Change {
  term: number
  rev: number
  prevTerm: number
  prevRev: number
  set: Record<string, unknown>
  del: string[]
}

/** The whole state at one revision. */
export interface Snapshot {
  term: number
  rev: number
  data: Record<string, Entry>
}

/** A conditional write: every guarded key must still have that `mod` (0: must not exist). */
export interface Txn {
  guards?: Record<string, number>
  set?: Record<string, unknown>
  del?: string[]
}

/** A guard did not hold: somebody else wrote first. */
export class Conflict extends Error {}

/** No quorum, no leader: the request may be tried again later. */
export class Unavailable extends Error {}

/** The key-value state in memory. */
export interface Kv {
  term: number
  rev: number
  data: Map<string, Entry>
}

export function emptyKv(): Kv {
  return { term: 0, rev: 0, data: new Map() }
}

/** Applies a change in place. The caller has checked that it follows the state. */
export function applyChange(kv: Kv, change: Change): void {
  for (const key of change.del) kv.data.delete(key)
  for (const [key, value] of Object.entries(change.set)) {
    const created = kv.data.get(key)?.created ?? change.rev
    kv.data.set(key, { value, mod: change.rev, created })
  }
  kv.term = change.term
  kv.rev = change.rev
}

/** @throws Conflict when a guard does not hold. */
export function checkGuards(kv: Kv, txn: Txn): void {
  for (const [key, mod] of Object.entries(txn.guards ?? {}))
    if ((kv.data.get(key)?.mod ?? 0) !== mod) throw new Conflict(`the value of ${key} changed meanwhile`)
}

export function toSnapshot(kv: Kv): Snapshot {
  return { term: kv.term, rev: kv.rev, data: Object.fromEntries(kv.data) }
}

export function fromSnapshot(snapshot: Snapshot): Kv {
  return { term: snapshot.term, rev: snapshot.rev, data: new Map(Object.entries(snapshot.data)) }
}

/** Whether a change is the very next one after a state. */
export function follows(kv: { term: number; rev: number }, change: Change): boolean {
  return change.prevTerm === kv.term && change.prevRev === kv.rev
}
