import type { Change, Snapshot, Txn } from './kv.js'
import type { Member } from './members.js'

/** What goes over the wire between members; `kind` picks the handler. */
export type Message =
  | { kind: 'append'; term: number; from: string; prevTerm: number; prevRev: number; changes: Change[] }
  | { kind: 'install'; term: number; from: string; snapshot: Snapshot }
  | { kind: 'vote'; term: number; from: string; lastTerm: number; lastRev: number; pre: boolean }
  | { kind: 'read'; from: string }
  | { kind: 'txn'; from: string; txn: Txn }

export interface Answer {
  ok: boolean
  term?: number
  rev?: number
  error?: string
  conflict?: boolean
  removed?: boolean
}

/** Sends a message to a member; rejects when it cannot be reached in time. */
export type Send = (member: Member, message: Message, timeoutMs: number) => Promise<Answer>

/** Raft's intervals in milliseconds. */
export interface Timing {
  heartbeatMs: number
  /** Least silence after which a follower stands for election; the most is twice as long. */
  electionMs: number
  /** How long a request waits for a majority. */
  requestMs: number
}

/** Slow enough for ten hosts on two cores, quick enough for tests. */
export const labTiming: Timing = { heartbeatMs: 200, electionMs: 1000, requestMs: 3000 }
