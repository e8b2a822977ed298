import type { Readable } from 'node:stream'
import { type ApplyHost, type Completed, HostError, ModuleFailure } from '../modules/module.js'
import type { Question } from '../modules/together.js'
import type { Become, Connection, Outcome, RunOptions, Script } from '../transport/transport.js'
import { byLine } from './live.js'
import type { AskHost } from './together.js'

/** How a task's scripts run on a host. */
export interface RemoteOptions {
  readonly name: string
  readonly user: string
  readonly become?: Become | undefined
  readonly environment: Readonly<Record<string, string>>
  /** Milliseconds for all scripts and uploads together; of a module's own limit and this one, the shorter holds. */
  readonly timeoutMs?: number | undefined
  readonly signal: AbortSignal
  /** What it runs, but for queries, changes the host: only where no other run does. */
  readonly exclusive?: boolean
  /** Opens a connection in place of one that was lost, or a first one; within so many ms. @throws ConnectError */
  readonly connect: (lost: Connection | undefined, withinMs: number | undefined) => Promise<Connection>
  readonly ask: AskHost
  /** Whole lines of output, as they come. */
  readonly onOutput?: ((stream: 'stdout' | 'stderr', text: string) => void) | undefined
}

/**
 * A host as a module sees it; without a connection one is opened for the first script. One that was lost is opened
 * once more where that is safe: for a script that never left, and for one that only reads. What may have run is never
 * sent again.
 */
export function createRemote(first: Connection | undefined, options: RemoteOptions): ApplyHost {
  let connection = first
  const runOptions: RunOptions = { become: options.become, signal: options.signal }
  const left = budget(options.timeoutMs)
  const send = (to: Connection, script: Question): Promise<Outcome> =>
    live(options.onOutput, runOptions, (live) => options.ask(to, script, live))
  const run = async (script: Question): Promise<Completed> => {
    const prepared = prepare(script, options, left.ms())
    const open = connection ?? (await options.connect(undefined, prepared.timeoutMs))
    connection = open
    const outcome = await send(open, prepared)
    if (outcome.kind !== 'lost' || (outcome.sent && !script.repeatable))
      return completed(left.spend(outcome, script))
    const next = await options.connect(open, prepared.timeoutMs)
    connection = next
    return completed(left.spend(await send(next, prepared), script))
  }
  return {
    name: options.name,
    user: options.become?.user ?? options.user,
    run: (script) => run({ ...script, exclusive: options.exclusive ?? false }),
    async query(script) {
      const result = await run({ ...script, repeatable: true })
      if (result.code === 0 && !result.truncated) return result
      // A part would pass for the whole: what was cut off, for absent.
      if (result.truncated)
        throw new ModuleFailure(
          `the probe printed more than is read of it (${result.stdout.length} bytes): nothing is known`,
        )
      const stderr = result.stderr.toString('utf8').trim()
      throw new ModuleFailure(stderr || `the probe ended with exit code ${result.code}`, {
        rc: result.code,
        stderr,
      })
    },
    async upload(content: Readable | Buffer, path: string) {
      const leftMs = left.ms()
      connection ??= await options.connect(undefined, leftMs)
      const limit = leftMs === undefined ? undefined : AbortSignal.timeout(Math.ceil(leftMs))
      const signal = limit ? AbortSignal.any([options.signal, limit]) : options.signal
      const started = performance.now()
      const outcome = await connection.upload(content, path, { ...runOptions, signal })
      left.took(performance.now() - started)
      if (outcome.kind === 'aborted' && limit?.aborted && !options.signal.aborted)
        throw timedOut(options.timeoutMs!)
      const result = completed(outcome)
      if (result.code === 0) return
      const stderr = result.stderr.toString('utf8').trim()
      throw new ModuleFailure(`cannot write ${path}: ${stderr || `exit code ${result.code}`}`, {
        rc: result.code,
        stderr,
      })
    },
  }
}

/**
 * What is left of a task's time. What its scripts took counts, not that they waited for others: the probes of a loop are
 * sent ahead of their turn.
 */
function budget(limitMs: number | undefined) {
  let spent = 0
  return {
    /** @throws HostError when nothing is left */
    ms(): number | undefined {
      if (limitMs === undefined) return undefined
      if (spent >= limitMs) throw timedOut(limitMs)
      return limitMs - spent
    },
    took(ms: number): void {
      spent += ms
    },
    /** Counts it; a script that was cut off by the task's limit is told to have had all of that. */
    spend(outcome: Outcome, script: Script): Outcome {
      if (outcome.kind === 'exited') spent += outcome.ranMs ?? 0
      if (outcome.kind !== 'timedOut' || limitMs === undefined) return outcome
      return script.timeoutMs === outcome.afterMs ? outcome : { ...outcome, afterMs: limitMs }
    },
  }
}

function timedOut(afterMs: number): HostError {
  return new HostError('timedOut', `timed out after ${afterMs / 1000} s`)
}

/** Runs with output passed on line by line; what has no line's end yet is passed at the end. */
async function live(
  onOutput: RemoteOptions['onOutput'],
  options: RunOptions,
  run: (options: RunOptions) => Promise<Outcome>,
): Promise<Outcome> {
  if (!onOutput) return run(options)
  const lines = {
    stdout: byLine((text) => onOutput('stdout', text)),
    stderr: byLine((text) => onOutput('stderr', text)),
  }
  const outcome = await run({ ...options, onOutput: (stream, chunk) => lines[stream].push(chunk) })
  for (const stream of Object.values(lines)) stream.end()
  return outcome
}

function prepare(script: Question, options: RemoteOptions, leftMs: number | undefined): Question {
  return {
    ...script,
    environment: { ...options.environment, ...script.environment },
    timeoutMs: shorter(script.timeoutMs, leftMs),
  }
}

function shorter(a: number | undefined, b: number | undefined): number | undefined {
  return a !== undefined && b !== undefined ? Math.min(a, b) : (a ?? b)
}

/** @throws HostError when there is no exit code */
function completed(outcome: Outcome): Completed {
  switch (outcome.kind) {
    case 'exited':
      return outcome
    case 'signalled':
      throw new HostError('signalled', `killed by ${outcome.signal}`)
    case 'timedOut':
      throw timedOut(outcome.afterMs)
    case 'aborted':
      throw new HostError('aborted', 'interrupted')
    case 'lost':
      throw new HostError(
        'lost',
        outcome.sent
          ? `the connection was lost while a script ran; whether it finished is not known (${outcome.reason})`
          : `the connection was lost (${outcome.reason})`,
      )
  }
}
