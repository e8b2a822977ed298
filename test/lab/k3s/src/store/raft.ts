import { log, reason, sleep } from '../core/log.js'
import type { Disk, HardState } from './disk.js'
import {
  applyChange,
  type Change,
  checkGuards,
  follows,
  fromSnapshot,
  type Kv,
  type Txn,
  Unavailable,
} from './kv.js'
import { type Member, membersOf, quorum, removedIds, votersOf } from './members.js'
import { type Answer, labTiming, type Message, type Send, type Timing } from './messages.js'
import { Progress } from './progress.js'

/**
 * Raft, reduced to what the lab needs: the log is the state itself, so that a member which fell behind is given
 * the whole state instead of missing entries. Elections, terms, votes and commit by majority are Raft's.
 */
export class Raft {
  private hard: HardState
  private leader = ''
  private role: 'follower' | 'leader' = 'follower'
  private heard = 0
  private deadline = 0
  private readonly progress: Progress
  private tail: Promise<unknown> = Promise.resolve()
  private timer: NodeJS.Timeout | undefined
  private electing = false
  /** When this server became leader, ms since the epoch; 0 otherwise. */
  leaderSince = 0

  constructor(
    readonly id: string,
    readonly kv: Kv,
    private readonly disk: Disk,
    readonly send: Send,
    private readonly onRemoved: () => void,
    readonly timing: Timing = labTiming,
  ) {
    this.progress = new Progress(id, kv, send, timing)
    this.hard = disk.loadHard()
    if (kv.term > this.hard.term) this.hard = { term: kv.term, votedFor: '' }
  }

  start(): void {
    this.resetDeadline()
    if (this.isOnlyVoter()) this.deadline = 0
    this.timer = setInterval(() => this.tick(), this.timing.heartbeatMs / 2)
    this.tick()
  }

  stop(): void {
    clearInterval(this.timer)
  }

  get isLeader(): boolean {
    return this.role === 'leader'
  }

  get members(): Member[] {
    return membersOf(this.kv)
  }

  /** The leader as far as this member knows. */
  leaderMember(): Member | undefined {
    return this.members.find((member) => member.id === this.leader)
  }

  /** Members heard from of late, this one included. Only the leader knows. */
  live(): Set<string> {
    return this.progress.live()
  }

  /** Whether a member has all that this leader has. */
  hasCaughtUp(id: string): boolean {
    return this.progress.has(id, this.kv.rev)
  }

  private isOnlyVoter(): boolean {
    const voters = votersOf(this.members)
    return voters.length === 1 && voters[0]?.id === this.id
  }

  private peers(): Member[] {
    return this.members.filter((member) => member.id !== this.id)
  }

  private replicateAll(): void {
    for (const peer of this.peers())
      void this.progress.replicate(peer, this.hard.term).then((answer) => {
        if (answer?.removed === true) this.onRemoved()
        else if ((answer?.term ?? 0) > this.hard.term) this.follow(answer?.term ?? 0, '')
      })
  }

  private resetDeadline(): void {
    this.deadline = Date.now() + this.timing.electionMs + Math.random() * this.timing.electionMs
  }

  private tick(): void {
    if (this.role === 'leader') {
      if (!this.progress.quorumWithin(this.timing.electionMs * 2)) this.follow(this.hard.term, '')
      else this.replicateAll()
    } else if (Date.now() > this.deadline && !this.electing) {
      this.electing = true
      void this.campaign().finally(() => {
        this.electing = false
      })
    }
  }

  private follow(term: number, leader: string): void {
    if (this.role === 'leader') log('warning', `etcd: ${this.id} stepped down as leader at term ${term}`)
    this.role = 'follower'
    this.progress.leading = false
    this.leaderSince = 0
    this.leader = leader
    if (term > this.hard.term) this.saveHard({ term, votedFor: '' })
    this.resetDeadline()
  }

  private saveHard(state: HardState): void {
    this.hard = state
    this.disk.saveHard(state)
  }

  private async campaign(): Promise<void> {
    const self = this.members.find((member) => member.id === this.id)
    this.resetDeadline()
    if (self === undefined || self.learner) {
      // it still asks, since the answer tells a removed member so
      if (this.members.length > 0) await this.poll(true)
      return
    }
    if (!(await this.poll(true))) return
    this.saveHard({ term: this.hard.term + 1, votedFor: this.id })
    this.leader = ''
    if (!(await this.poll(false))) return
    this.role = 'leader'
    this.leader = this.id
    this.leaderSince = Date.now()
    this.progress.lead(this.peers())
    log('info', `etcd: ${this.id} became leader at term ${this.hard.term}`)
    await this.write({}).catch((error: unknown) => log('warning', `etcd: ${reason(error)}`))
  }

  private async poll(pre: boolean): Promise<boolean> {
    const term = pre ? this.hard.term + 1 : this.hard.term
    const message: Message = {
      kind: 'vote',
      term,
      from: this.id,
      lastTerm: this.kv.term,
      lastRev: this.kv.rev,
      pre,
    }
    const voters = votersOf(this.members)
    let granted = voters.some((member) => member.id === this.id) ? 1 : 0
    const need = quorum(voters.length)
    if (granted >= need && voters.length === 1) return true
    await Promise.all(
      this.peers().map(async (peer) => {
        const answer = await this.send(peer, message, this.timing.electionMs * 0.8).catch(() => undefined)
        if (answer?.removed === true) this.onRemoved()
        if (answer?.ok === true && !peer.learner) granted += 1
        if (!pre && answer?.term !== undefined && answer.term > this.hard.term) this.follow(answer.term, '')
      }),
    )
    return granted >= need && (pre || this.hard.term === term)
  }

  /** Handles what another member sent. */
  async receive(message: Message): Promise<Answer> {
    if (removedIds(this.kv).includes(message.from)) return { ok: false, removed: true }
    switch (message.kind) {
      case 'append':
      case 'install':
        return this.onAppend(message)
      case 'vote':
        return this.onVote(message)
      case 'read':
        return this.isLeader ? this.onRead() : { ok: false, error: 'etcdserver: not leader' }
      case 'txn':
        if (!this.isLeader) return { ok: false, error: 'etcdserver: not leader' }
        return this.write(message.txn).then(
          (rev) => ({ ok: true, rev }),
          (error: unknown) => ({
            ok: false,
            error: reason(error),
            conflict: !(error instanceof Unavailable),
          }),
        )
    }
  }

  private onAppend(message: Extract<Message, { kind: 'append' | 'install' }>): Answer {
    if (message.term < this.hard.term) return { ok: false, term: this.hard.term, rev: -1 }
    this.heard = Date.now()
    this.follow(message.term, message.from)
    if (message.kind === 'install') {
      const next = fromSnapshot(message.snapshot)
      Object.assign(this.kv, next)
      this.disk.install(this.kv)
      return { ok: true, rev: this.kv.rev }
    }
    for (const change of message.changes)
      if (follows(this.kv, change)) {
        applyChange(this.kv, change)
        this.disk.append(change, this.kv)
      }
    const last = message.changes.at(-1)
    const expected = last === undefined ? { term: message.prevTerm, rev: message.prevRev } : last
    const same = this.kv.term === expected.term && this.kv.rev === expected.rev
    return same ? { ok: true, rev: this.kv.rev } : { ok: false, term: this.hard.term, rev: -2 }
  }

  private onVote(message: Extract<Message, { kind: 'vote' }>): Answer {
    const term = this.hard.term
    const led = this.isLeader || Date.now() - this.heard < this.timing.electionMs
    if (led || message.term < term) return { ok: false, term }
    const newer =
      message.lastTerm > this.kv.term || (message.lastTerm === this.kv.term && message.lastRev >= this.kv.rev)
    if (message.pre) return { ok: newer, term }
    if (message.term > term) this.follow(message.term, '')
    const free = this.hard.votedFor === '' || this.hard.votedFor === message.from
    if (!newer || !free) return { ok: false, term: this.hard.term }
    this.saveHard({ term: message.term, votedFor: message.from })
    this.resetDeadline()
    return { ok: true, term: message.term }
  }

  /** As etcd reads unless it is told to trust a lease: a majority confirms, after the question came, who leads. */
  private async onRead(): Promise<Answer> {
    await this.tail.catch(() => undefined)
    const confirmed = this.progress.confirmation()
    this.replicateAll()
    if (!(await this.waitFor(() => !this.isLeader || confirmed(), this.timing.requestMs)) || !this.isLeader)
      return { ok: false, error: 'etcdserver: request timed out' }
    return { ok: true, rev: this.kv.rev }
  }

  private async waitFor(condition: () => boolean, ms: number): Promise<boolean> {
    const end = Date.now() + ms
    while (!condition()) {
      if (Date.now() > end) return false
      await sleep(5)
    }
    return true
  }

  /** Writes at the leader. Resolves with the revision once a majority of voters has it on disk. */
  write(txn: Txn): Promise<number> {
    const done = this.tail.catch(() => undefined).then(() => this.commit(txn))
    this.tail = done.catch(() => undefined)
    return done
  }

  private async commit(txn: Txn): Promise<number> {
    if (!this.isLeader) throw new Unavailable('etcdserver: leader changed')
    checkGuards(this.kv, txn)
    const change: Change = {
      term: this.hard.term,
      rev: this.kv.rev + 1,
      prevTerm: this.kv.term,
      prevRev: this.kv.rev,
      set: txn.set ?? {},
      del: txn.del ?? [],
    }
    applyChange(this.kv, change)
    this.disk.append(change, this.kv)
    this.progress.note(change)
    this.replicateAll()
    if (
      !(await this.waitFor(
        () => this.progress.majorityHas(change.rev) || !this.isLeader,
        this.timing.requestMs,
      )) ||
      !this.isLeader
    )
      throw new Unavailable('etcdserver: request timed out')
    return change.rev
  }
}
