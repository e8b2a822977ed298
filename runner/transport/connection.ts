import type { Readable } from 'node:stream'
import type { Remote } from './channel.js'
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
import { uploadFile } from './upload.js'

/** What tests shorten and the rest leaves alone. */
export interface ConnectionOptions {
  readonly outputLimit?: number
  readonly killGraceMs?: number
}

const killTimeoutMs = 15_000
const sessionTries = 3

/**
 * One host: a kept shell per become user, opened when first needed and again when one has ended. A script that
 * certainly did not begin is given to the next shell; any other is never sent twice.
 */
export class HostConnection implements Connection {
  readonly #remote: Remote
  readonly #options: ConnectionOptions
  readonly #sessions = new Map<string, Promise<Session>>()
  #closed = false

  constructor(remote: Remote, options: ConnectionOptions = {}) {
    this.#remote = remote
    this.#options = options
  }

  async run(script: Script, options: RunOptions = {}): Promise<Outcome> {
    for (let tries = 0; tries < sessionTries; tries++) {
      if (options.signal?.aborted) return { kind: 'aborted' }
      const session = await this.#unlessLost(() => this.#session(options.become))
      if ('kind' in session) return session
      const outcome = await this.#unlessLost(() => session.run(script, options))
      if (outcome.kind !== 'notStarted') return outcome
    }
    const reason = this.#lostReason() ?? 'the shell on the host ended before the script could start'
    return { kind: 'lost', sent: false, reason }
  }

  async upload(content: Readable | Buffer, path: string, options: RunOptions = {}): Promise<Outcome> {
    if (options.signal?.aborted) return { kind: 'aborted' }
    return this.#unlessLost(() => uploadFile(this.#remote, content, path, options))
  }

  async close(): Promise<void> {
    this.#closed = true
    const sessions = await Promise.allSettled(this.#sessions.values())
    for (const session of sessions) if (session.status === 'fulfilled') session.value.close()
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

  async #session(become: Become | undefined): Promise<Session> {
    const key = become ? `${become.method} ${become.user}` : ''
    const known = this.#sessions.get(key)
    const session = known && (await known)
    if (session?.alive) return session
    // Another caller may have opened one while this one waited.
    const current = this.#sessions.get(key)
    if (current && current !== known) return this.#session(become)
    const opened = this.#open(become)
    this.#sessions.set(key, opened)
    opened.catch((error: unknown) => {
      // A refused password stays refused: a second attempt could lock the account.
      if (!(error instanceof ConnectError && error.code === 'become')) this.#sessions.delete(key)
    })
    return opened
  }

  #open(become: Become | undefined): Promise<Session> {
    const kill = (victim: Victim): Promise<boolean> => this.#kill(victim, become)
    return openSession(this.#remote, become, { ...this.#options, kill })
  }

  /** Kills from a second shell, as the user whose processes they are. */
  async #kill(victim: Victim, become: Become | undefined): Promise<boolean> {
    try {
      const session = await openSession(this.#remote, become, { kill: async () => false })
      const timer = setTimeout(() => session.close(), killTimeoutMs)
      const outcome = await session.run(killScript(victim))
      clearTimeout(timer)
      session.close()
      return outcome.kind === 'exited' && outcome.code === 0
    } catch {
      return false
    }
  }
}
