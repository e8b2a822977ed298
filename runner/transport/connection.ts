import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Remote } from './channel.js'
import { type Claim, checkClaim } from './claim.js'
import { killScript, type Victim } from './kill.js'
import { openSession } from './open.js'
import type { Session } from './session.js'
import {
  type Become,
  ConnectError,
  type Connection,
  type Outcome,
  type RunOptions,
  type Script,
} from './transport.js'
import { uploadFile, uploadInPieces } from './upload.js'

/** The run's claim; the rest is what tests shorten. */
export interface ConnectionOptions {
  readonly outputLimit?: number
  readonly killGraceMs?: number
  /** What the run holds a host with that it changes. */
  readonly claim?: Claim | undefined
  /** Told why, where a user's shell cannot do that. */
  readonly onUnlocked?: ((why: string) => void) | undefined
}

/** The kept shell of one become user, from when it was first asked for. */
interface Lane {
  readonly opened: Promise<Session>
  session: Session | undefined
}

const killTimeoutMs = 15_000
const sessionTries = 3
const roomTries = 5
const roomPauseMs = 100

/**
 * One host: a kept shell per become user, opened when first needed and again when one has ended. A script that
 * certainly did not begin is given to the next shell; any other is never sent twice.
 */
export class HostConnection implements Connection {
  readonly user: string
  readonly #remote: Remote
  readonly #options: ConnectionOptions
  readonly #another: (() => Promise<Remote>) | undefined
  readonly #lanes = new Map<string, Lane>()
  #closed = false

  /** `another` opens a second connection to the host, for the one thing that cannot wait for room on this. */
  constructor(
    remote: Remote,
    user: string,
    options: ConnectionOptions = {},
    another?: () => Promise<Remote>,
  ) {
    this.user = user
    this.#remote = remote
    this.#options = options
    this.#another = another
  }

  async run(script: Script, options: RunOptions = {}): Promise<Outcome> {
    for (let tries = 0; tries < sessionTries; tries++) {
      if (options.signal?.aborted) return { kind: 'aborted' }
      const session = await this.#unlessLost(() => this.#session(options.become))
      if ('kind' in session) return session
      const outcome = await this.#unlessLost(() => session.run(script, options))
      if (outcome.kind === 'lost') return { ...outcome, reason: this.#lostReason() ?? outcome.reason }
      if (outcome.kind === 'notStarted') continue
      if (script.exclusive && this.#options.claim) checkClaim(outcome, this.#options.claim)
      return outcome
    }
    const reason = this.#lostReason() ?? 'the shell on the host ended before the script could start'
    return { kind: 'lost', sent: false, reason }
  }

  async upload(content: Readable | Buffer, path: string, options: RunOptions = {}): Promise<Outcome> {
    if (options.signal?.aborted) return { kind: 'aborted' }
    return this.#unlessLost(async () => {
      // A password that the kept shell has not yet shown to be right must not be tried on two channels.
      if (options.become?.password) await this.#session(options.become)
      try {
        return await uploadFile(this.#remote, content, path, options)
      } catch (error) {
        if (!isRefusedChannel(error)) throw error
        return uploadInPieces((script) => this.run(script, options), content, path)
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const lane of this.#lanes.values()) void lane.session?.close()
    await this.#remote.close()
  }

  #lostReason(): string | undefined {
    return this.#closed ? 'the connection was closed' : this.#remote.lostReason()
  }

  /** A connection that is gone is an outcome, not an error: nothing was sent. */
  async #unlessLost<T>(work: () => Promise<T>): Promise<T | Extract<Outcome, { kind: 'lost' }>> {
    const reason = this.#lostReason()
    if (reason !== undefined) return { kind: 'lost', sent: false, reason }
    try {
      return await work()
    } catch (error) {
      if (error instanceof ConnectError && error.code === 'closed')
        return { kind: 'lost', sent: false, reason: this.#lostReason() ?? error.message }
      throw error
    }
  }

  /**
   * The kept shell of a become user. Not async: all who wait must wait for the same promise, so that they go on in
   * the order in which they asked.
   */
  #session(become: Become | undefined): Promise<Session> {
    const key = become ? `${become.method} ${become.user}` : ''
    const known = this.#lanes.get(key)
    if (known && known.session?.alive !== false) return known.opened
    const lane: Lane = { opened: this.#open(become), session: undefined }
    this.#lanes.set(key, lane)
    lane.opened.then(
      (session) => {
        lane.session = session
      },
      (error: unknown) => {
        // A refused password stays refused: a second attempt could lock the account.
        const refused = error instanceof ConnectError && error.code === 'become'
        if (!refused && this.#lanes.get(key) === lane) this.#lanes.delete(key)
      },
    )
    return lane.opened
  }

  /**
   * Where the host allows no more sessions on the connection, shells that do nothing make room. sshd counts a session
   * until it has collected the shell's exit, so there are a few tries.
   */
  async #open(become: Become | undefined): Promise<Session> {
    const kill = (victim: Victim): Promise<boolean> => this.#kill(victim, become)
    for (let tries = 1; ; tries++) {
      try {
        return await openSession(this.#remote, become, { ...this.#options, kill })
      } catch (error) {
        if (!isRefusedChannel(error) || tries >= roomTries) throw error
        const idle = [...this.#lanes.values()].flatMap(({ session }) => (session?.idle ? [session] : []))
        await Promise.all(idle.map((session) => session.close()))
        await sleep(roomPauseMs)
      }
    }
  }

  /** Kills from a second shell, as the user whose processes they are; where sshd allows one alone, over a second login. */
  async #kill(victim: Victim, become: Become | undefined): Promise<boolean> {
    try {
      return await killFrom(this.#remote, victim, become)
    } catch (error) {
      if (!isRefusedChannel(error) || !this.#another) return false
    }
    try {
      const remote = await this.#another()
      const killed = await killFrom(remote, victim, become).catch(() => false)
      await remote.close()
      return killed
    } catch {
      return false
    }
  }
}

/** @throws ConnectError when there is no second shell */
async function killFrom(remote: Remote, victim: Victim, become: Become | undefined): Promise<boolean> {
  const session = await openSession(remote, become, { kill: async () => false })
  const timer = setTimeout(() => void session.close(), killTimeoutMs)
  const outcome = await session.run(killScript(victim))
  clearTimeout(timer)
  void session.close()
  return outcome.kind === 'exited' && outcome.code === 0
}

/** `Remote.exec` alone fails like this, before anything ran. */
function isRefusedChannel(error: unknown): boolean {
  return error instanceof ConnectError && error.code === 'shell'
}
