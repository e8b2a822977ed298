import { randomBytes } from 'node:crypto'
import type { Channel, ChannelEnd } from './channel.js'
import { type Claim, whyUnlocked } from './claim.js'
import { output } from './collect.js'
import { endOutcome, isKnown, noShell } from './ending.js'
import { type BodyCache, renderFrame, renderPrelude } from './frame.js'
import { type Job, killedOutcome, newJob, type SessionOutcome } from './job.js'
import type { Victim } from './kill.js'
import { type Marker, markerReader } from './markers.js'
import { onAbort } from './on-abort.js'
import { ConnectError, type RunOptions, type Script } from './transport.js'

export interface SessionOptions {
  /** Bytes kept of each output stream of a script. */
  readonly outputLimit?: number
  /** What the run holds a host with that it changes; without it nothing is locked. */
  readonly claim?: Claim | undefined
  /** Told why, where that is not possible here. */
  readonly onUnlocked?: ((why: string) => void) | undefined
  /** Kills on the host, by another way than this session; false when it could not. */
  readonly kill: (victim: Victim) => Promise<boolean>
  /** How long a killed script may take to end before the session is given up, in ms. */
  readonly killGraceMs?: number
  /** How long the shell may take to answer at all, in ms. */
  readonly readyTimeoutMs?: number
  /** Why the shell ended before it answered, from what the login printed. */
  readonly refusal?: (end: ChannelEnd, said: string) => ConnectError
}

const defaultOutputLimit = 10 * 1024 * 1024
/** Frames are written ahead up to this many bytes; the rest waits here, where it can still be withdrawn. */
const writeAheadBytes = 1024 * 1024
const noiseKept = 2048
const closeGraceMs = 1000

/**
 * A kept /bin/sh: scripts go in as frames, written ahead without waiting, and their output comes back between markers
 * that hold a random nonce. What background processes print between two scripts is dropped; what they print while a
 * later script runs is mixed into its output, so a script that leaves a process behind must redirect it.
 * A script's exit code is reported as `exited`, also above 128; `signalled` means that the kept shell itself died.
 */
export class Session {
  readonly #channel: Channel
  readonly #options: SessionOptions
  readonly #nonce = randomBytes(16).toString('hex')
  readonly #bodies: BodyCache = { names: new Map() }
  /** Unfinished, in order: begun or written ones first, then queued ones. */
  #jobs: Job[] = []
  #sequence = 0
  #aheadBytes = 0
  readonly #sizes = new Map<number, number>()
  #pid = 0
  #readyStreams = 0
  #noise = ''
  #ended = false
  #current: Job | undefined
  #reaping = false
  #killing: Promise<unknown> = Promise.resolve()
  readonly #readyTimer: NodeJS.Timeout
  #tooSlow = false

  constructor(channel: Channel, options: SessionOptions) {
    this.#channel = channel
    this.#options = options
    channel.stdin.on('error', () => {})
    channel.stdout.on('data', this.#reader('stdout'))
    channel.stderr.on('data', this.#reader('stderr'))
    channel.stdout.resume()
    channel.stderr.resume()
    channel.stdin.write(renderPrelude(this.#nonce))
    this.#readyTimer = setTimeout(() => {
      this.#tooSlow = true
      channel.close()
    }, options.readyTimeoutMs ?? 30_000)
    void channel.ended.then((end) => this.#onEnd(end))
  }

  /** False once the shell has ended: a new session is needed. */
  get alive(): boolean {
    return !this.#ended
  }

  /** True when no script is on its way through it. */
  get idle(): boolean {
    return !this.#ended && this.#jobs.length === 0
  }

  /**
   * Queue a script. It is written at once, without waiting for those before it.
   * @throws ConnectError 'shell' when the host gave no shell; QuoteError on NUL
   */
  run(script: Script, options: RunOptions = {}): Promise<SessionOutcome> {
    if (this.#ended) return Promise.resolve({ kind: 'notStarted' })
    if (options.signal?.aborted) return Promise.resolve({ kind: 'aborted' })
    return new Promise((resolve, reject) => {
      const { signal, onOutput } = options
      const done = (): void => {
        clearTimeout(job.timer)
        unwatch?.()
      }
      const job = newJob(
        script,
        onOutput,
        this.#options.outputLimit ?? defaultOutputLimit,
        (outcome) => {
          done()
          resolve(outcome)
        },
        (error) => {
          done()
          reject(error)
        },
      )
      const unwatch = signal && onAbort(signal, () => this.#abort(job))
      this.#jobs.push(job)
      this.#pump()
    })
  }

  /**
   * End the shell; resolves when it has ended. Scripts that are still unfinished are reported lost. An idle shell ends
   * by itself on the end of its input, which frees its place among the host's sessions at once.
   */
  async close(): Promise<void> {
    if (this.#ended) return
    const grace = this.idle ? closeGraceMs : 0
    this.#channel.stdin.end()
    const timer = setTimeout(() => this.#channel.close(), grace)
    await this.#channel.ended
    clearTimeout(timer)
  }

  #pump(): void {
    for (const job of [...this.#jobs]) {
      if (job.state !== 'queued') continue
      if (this.#aheadBytes >= writeAheadBytes) return
      try {
        const sequence = ++this.#sequence
        const frame = renderFrame(job.script, sequence, this.#bodies, this.#options.claim)
        job.sequence = sequence
        job.state = 'written'
        this.#aheadBytes += frame.length
        this.#sizes.set(sequence, frame.length)
        this.#channel.stdin.write(frame)
      } catch (error) {
        this.#drop(job)
        job.fail(error as Error)
      }
    }
  }

  #reader(stream: 'stdout' | 'stderr'): (chunk: Buffer) => void {
    let ready = false
    return markerReader(this.#nonce, {
      data: (bytes) => (ready ? this.#onData(stream, bytes) : this.#onNoise(bytes)),
      marker: (marker) => {
        if (marker.kind === 'u') this.#options.onUnlocked?.(whyUnlocked(marker.value))
        else if (marker.sequence === 0) {
          ready = true
          this.#readyStreams++
          this.#pid = marker.value
          if (this.#readyStreams === 2) clearTimeout(this.#readyTimer)
        } else this.#onMarker(stream, marker)
      },
    })
  }

  #onNoise(bytes: Buffer): void {
    this.#noise = (this.#noise + bytes.toString('latin1')).slice(-noiseKept)
  }

  #onData(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    const job = stream === 'stdout' ? this.#current : this.#jobs.find((each) => !each.stderrEnded)
    if (!job || job.state === 'queued') return
    job[stream].add(bytes)
    job.onOutput?.(stream, bytes)
  }

  #onMarker(stream: 'stdout' | 'stderr', marker: Marker): void {
    const job = this.#jobs.find((each) => each.sequence === marker.sequence)
    if (!job) return
    if (marker.kind === 'b') this.#onBegin(job, marker.value)
    else if (stream === 'stderr') job.stderrEnded = true
    else {
      this.#current = undefined
      job.code = marker.value
    }
    if (job.stderrEnded && job.code !== undefined) this.#finish(job, job.code)
  }

  #onBegin(job: Job, pid: number): void {
    job.state = 'begun'
    job.begunAt = performance.now()
    job.pid = pid
    this.#current = job
    const { timeoutMs } = job.script
    if (job.ending !== undefined) void this.#reapMarked()
    else if (timeoutMs !== undefined) job.timer = setTimeout(() => this.#expire(job), timeoutMs)
  }

  #finish(job: Job, code: number): void {
    this.#drop(job)
    const ranMs = performance.now() - job.begunAt
    const printed = output(job.stdout, job.stderr)
    this.#settle(job, killedOutcome(job) ?? { kind: 'exited', code, ranMs, ...printed })
    this.#pump()
  }

  #drop(job: Job): void {
    this.#jobs = this.#jobs.filter((each) => each !== job)
    this.#aheadBytes -= this.#sizes.get(job.sequence) ?? 0
    this.#sizes.delete(job.sequence)
  }

  #expire(job: Job): void {
    job.ending ??= 'timedOut'
    void this.#reap(job)
  }

  #abort(job: Job): void {
    if (job.state === 'queued') {
      this.#drop(job)
      job.settle({ kind: 'aborted' })
      return
    }
    job.ending ??= 'aborted'
    // Aborts come in swarms (one Ctrl-C): look when all of them are marked.
    setImmediate(() => void this.#reapMarked())
  }

  /**
   * Kills what is marked. If every script is aborted, the shell goes first, so that those written ahead never begin;
   * otherwise one that has not begun is left until it does.
   */
  async #reapMarked(): Promise<void> {
    if (this.#ended || this.#reaping) return
    const head = this.#jobs[0]
    if (this.#jobs.length > 1 && this.#jobs.every((job) => job.ending === 'aborted')) await this.#killShell()
    else if (head?.ending !== undefined && head.state === 'begun') await this.#reap(head)
  }

  async #reap(job: Job): Promise<void> {
    if (this.#reaping || this.#ended) return
    if (job.pid === 0) return this.#killShell()
    this.#reaping = true
    const killed = await this.#kill(job.pid)
    if (killed && this.#jobs.includes(job)) await this.#settled(() => !this.#jobs.includes(job))
    this.#reaping = false
    if (this.#jobs.includes(job)) await this.#killShell()
    else await this.#reapMarked()
  }

  async #killShell(): Promise<void> {
    if (this.#reaping || this.#ended) return
    this.#reaping = true
    await this.#settled(() => this.#pid !== 0)
    if (this.#pid === 0) return this.#channel.close()
    if (!(await this.#kill(null))) this.#channel.signal('KILL')
    await this.#settled(() => this.#ended)
    this.#channel.close()
  }

  #kill(child: number | null): Promise<boolean> {
    const killing = this.#options.kill({ parent: this.#pid, child })
    this.#killing = killing
    return killing
  }

  /** A script that is being killed has not ended before its last process has, whatever its subshell's end says. */
  #settle(job: Job, outcome: SessionOutcome): void {
    if (job.ending === undefined) job.settle(outcome)
    else void this.#killing.then(() => job.settle(outcome))
  }

  /** Waits until `condition` holds, at most the grace. */
  async #settled(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + (this.#options.killGraceMs ?? 5000)
    while (!condition() && !this.#ended && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20))
  }

  #onEnd(end: ChannelEnd): void {
    this.#ended = true
    clearTimeout(this.#readyTimer)
    const jobs = this.#jobs
    this.#jobs = []
    for (const job of jobs) {
      const outcome = killedOutcome(job)
      if (outcome) this.#settle(job, outcome)
      else if (this.#tooSlow) job.fail(new ConnectError('shell', 'the login gave no shell in time'))
      else if (this.#readyStreams < 2 && isKnown(end))
        job.fail((this.#options.refusal ?? noShell)(end, this.#noise))
      else job.settle(endOutcome(job, end))
    }
  }
}
