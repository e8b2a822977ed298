import { type Collector, collector, output } from './collect.js'
import type { Outcome, RunOptions, Script } from './transport.js'

/** What a session answers: an outcome, or that the script certainly did not begin and may be given to another session. */
export type SessionOutcome = Outcome | { readonly kind: 'notStarted' }

/** One script on its way through a session. */
export interface Job {
  readonly script: Script
  readonly onOutput: RunOptions['onOutput']
  readonly stdout: Collector
  readonly stderr: Collector
  readonly settle: (outcome: SessionOutcome) => void
  readonly fail: (error: Error) => void
  sequence: number
  /** queued: still here. written: bytes went out. begun: its begin marker came. */
  state: 'queued' | 'written' | 'begun'
  /** When it began, by performance.now(). */
  begunAt: number
  /** The subshell's pid on the host; 0 when the host has no /proc. */
  pid: number
  code: number | undefined
  stderrEnded: boolean
  /** Why it is being killed. */
  ending: 'timedOut' | 'aborted' | undefined
  timer: NodeJS.Timeout | undefined
}

export function newJob(
  script: Script,
  onOutput: RunOptions['onOutput'],
  limit: number,
  settle: Job['settle'],
  fail: Job['fail'],
): Job {
  return {
    script,
    onOutput,
    stdout: collector(limit),
    stderr: collector(limit),
    settle,
    fail,
    sequence: 0,
    state: 'queued',
    begunAt: 0,
    pid: 0,
    code: undefined,
    stderrEnded: false,
    ending: undefined,
    timer: undefined,
  }
}

/** The outcome of a job that was killed, undefined for one that was not. */
export function killedOutcome(job: Job): Outcome | undefined {
  if (job.ending === 'aborted') return { kind: 'aborted' }
  if (job.ending === 'timedOut')
    return { kind: 'timedOut', afterMs: job.script.timeoutMs ?? 0, ...output(job.stdout, job.stderr) }
  return undefined
}
