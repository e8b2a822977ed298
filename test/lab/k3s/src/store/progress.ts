import { type Change, type Kv, toSnapshot } from './kv.js'
import { type Member, membersOf, quorum, votersOf } from './members.js'
import type { Answer, Message, Send, Timing } from './messages.js'

const keptChanges = 400

/** What a leader knows of the other members: how far each has come and when it last answered. */
export class Progress {
  private readonly matched = new Map<string, number>()
  private readonly acked = new Map<string, number>()
  /** The number of the newest question that a member has answered. */
  private readonly answered = new Map<string, number>()
  private readonly busy = new Set<string>()
  /** Questions are numbered: clocks cannot tell two of one millisecond apart. */
  private asked = 0
  private recent: Change[] = []
  leading = false

  constructor(
    private readonly id: string,
    private readonly kv: Kv,
    private readonly send: Send,
    private readonly timing: Timing,
  ) {}

  /** Begins a term as leader: nothing is known of the peers but that they voted a moment ago. */
  lead(peers: readonly Member[]): void {
    this.matched.clear()
    this.acked.clear()
    for (const peer of peers) this.acked.set(peer.id, Date.now() - this.timing.electionMs)
    this.recent = []
    this.leading = true
  }

  /** Keeps a change, so that a member which is a little behind need not be sent the whole state. */
  note(change: Change): void {
    this.recent = [...this.recent.slice(1 - keptChanges), change]
  }

  live(): Set<string> {
    const since = Date.now() - this.timing.electionMs * 1.5
    return new Set([this.id, ...[...this.acked].filter(([, at]) => at > since).map(([id]) => id)])
  }

  /** Whether a member has the state of a revision on its disk. */
  has(id: string, rev: number): boolean {
    return id === this.id || (this.matched.get(id) ?? -1) >= rev
  }

  majorityHas(rev: number): boolean {
    return this.majority((member) => this.has(member.id, rev))
  }

  /** Whether a majority answered within the last `ms`. */
  quorumWithin(ms: number): boolean {
    const since = Date.now() - ms
    return this.majority((member) => member.id === this.id || (this.acked.get(member.id) ?? 0) > since)
  }

  /** Becomes true when a majority has answered what it was asked after this call. */
  confirmation(): () => boolean {
    const { asked } = this
    return () =>
      this.majority((member) => member.id === this.id || (this.answered.get(member.id) ?? 0) > asked)
  }

  private majority(test: (member: Member) => boolean): boolean {
    const voters = votersOf(membersOf(this.kv))
    return voters.filter(test).length >= quorum(voters.length)
  }

  /**
   * Brings one member up to date, one exchange at a time. Resolves with an answer that concerns the leader: that
   * it was removed, or that there is a newer term.
   */
  async replicate(peer: Member, term: number): Promise<Answer | undefined> {
    if (this.busy.has(peer.id)) return undefined
    this.busy.add(peer.id)
    try {
      while (this.leading) {
        const question = ++this.asked
        const answer = await this.send(peer, this.nextMessage(peer, term), this.timing.electionMs * 1.5)
        if (answer.removed === true || (!answer.ok && (answer.term ?? 0) > term)) return answer
        // a member of another cluster is no peer, and neither is one that could not answer
        if (answer.error !== undefined) return undefined
        this.acked.set(peer.id, Date.now())
        this.answered.set(peer.id, question)
        this.matched.set(peer.id, answer.ok ? (answer.rev ?? 0) : -1)
        if (this.matched.get(peer.id) === this.kv.rev) return undefined
      }
    } catch {
      // unreachable: the next tick tries again
    } finally {
      this.busy.delete(peer.id)
    }
    return undefined
  }

  private nextMessage(peer: Member, term: number): Message {
    const base = { term, from: this.id }
    const match = this.matched.get(peer.id)
    if (match === undefined || match === this.kv.rev)
      return { kind: 'append', ...base, prevTerm: this.kv.term, prevRev: this.kv.rev, changes: [] }
    const start = this.recent.findIndex((change) => change.prevRev === match)
    const first = this.recent[start]
    if (first === undefined) return { kind: 'install', ...base, snapshot: toSnapshot(this.kv) }
    const { prevTerm, prevRev } = first
    return { kind: 'append', ...base, prevTerm, prevRev, changes: this.recent.slice(start) }
  }
}
