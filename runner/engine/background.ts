import { setTimeout as delay } from 'node:timers/promises'
import type { Scope } from '../expression/compiled.js'
import * as jobs from '../modules/async/job.js'
import { type ApplyHost, type Completed, HostError, ModuleFailure } from '../modules/module.js'
import type { Task } from '../plan/plan.js'
import { ConnectError, type Script } from '../transport/transport.js'
import type { Applier } from './applier.js'
import type { Run } from './context.js'
import { asCount } from './keywords.js'
import type { Planned } from './module.js'

/** `async` and `poll` of a task: its script goes on by itself on the host. */
export interface Background {
  /** Whole seconds until it is stopped. */
  readonly limit: number
  /** Seconds between two looks; 0: nobody waits for it. */
  readonly poll: number
}

/** Ansible's `poll` where none is given. */
const defaultPoll = 15
/** Seconds between the first two looks; they double until they are what `poll` says: short jobs are not waited for. */
const firstPause = 0.1
/** Seconds that a job may take to end after its limit (TERM, a few seconds, KILL), and a host to be reached again. */
const grace = 15

export function backgroundOf(task: Task, scope: Scope): Background | undefined {
  const limit = asCount(task.async, 'async', scope) ?? 0
  const poll = asCount(task.poll, 'poll', scope) ?? defaultPoll
  return limit > 0 ? { limit: Math.ceil(limit), poll } : undefined
}

/** Carries a change out as a job on the host: waits for its end, or with `poll: 0` for its start alone. */
export function inBackground(
  apply: Applier,
  background: Background,
  { fields }: Planned,
  { abort }: Pick<Run, 'abort'>,
): Applier {
  const note = { fields: 'cmd' in fields ? { cmd: fields.cmd } : {}, limit: background.limit }
  return async (module, host, args, change) => {
    const job = { id: jobs.newJobId(), note, ...background }
    const run = background.poll > 0 ? waitFor(host, job, abort) : leave(host, job)
    try {
      return await apply(module, { ...host, run }, args, change)
    } catch (error) {
      if (error instanceof LeftRunning) return error.fields
      throw error
    }
  }
}

interface Job extends Background {
  readonly id: string
  readonly note: jobs.JobNote
}

/** The job was started and nobody waits: there is nothing more to apply. */
class LeftRunning extends Error {
  constructor(readonly fields: Readonly<Record<string, unknown>>) {
    super('left running')
  }
}

function leave(host: ApplyHost, { id, note }: Job): ApplyHost['run'] {
  return async (script) => {
    throw new LeftRunning(jobs.jobFields(id, await start(host, { id, note }, script)))
  }
}

/** Runs a script as a job, and looks at it until it has ended. A connection that is lost meanwhile is opened again. */
function waitFor(host: ApplyHost, job: Job, abort: AbortSignal): ApplyHost['run'] {
  return async (script) => {
    const until = Date.now() + 1000 * (job.limit + grace)
    let report = await start(host, job, script)
    for (let pause = firstPause; report.state === 'running'; pause *= 2) {
      await sleep(Math.min(pause, job.poll), job.id, abort)
      report = await look(host, job.id, until, report)
    }
    const ended = endOf(report, job)
    await jobs.forgetJob(host, job.id)
    return ended
  }
}

/** Starts it; where the connection was lost meanwhile, the host itself tells whether it runs. */
async function start(
  host: ApplyHost,
  job: Pick<Job, 'id' | 'note'>,
  script: Script,
): Promise<jobs.JobReport> {
  try {
    const folder = await jobs.startJob(host, job.id, script, job.note)
    return { state: 'running', folder, note: job.note }
  } catch (error) {
    if (!isLost(error)) throw error
    const report = await jobs.askJob(host, job.id)
    if (report.state === 'absent') throw error
    return report
  }
}

/** How it stands; as before where the host cannot be reached, as long as the job may run. */
async function look(
  host: ApplyHost,
  id: string,
  until: number,
  before: jobs.JobReport,
): Promise<jobs.JobReport> {
  try {
    const report = await jobs.askJob(host, id)
    if (report.state !== 'running' || Date.now() < until) return report
  } catch (error) {
    if (!isLost(error) || Date.now() >= until) throw error
    return before
  }
  throw new ModuleFailure(`the job ${id} still runs although its limit is over`, { ansible_job_id: id })
}

/** @throws ModuleFailure where it was stopped at its limit, or has vanished */
function endOf(report: jobs.JobReport, job: Job): Completed {
  if (report.state === 'finished' && !report.expired) return report.completed
  jobs.jobFields(job.id, report)
  throw new ModuleFailure(`the job ${job.id} did not end by itself`)
}

function isLost(error: unknown): boolean {
  return error instanceof ConnectError || (error instanceof HostError && error.kind === 'lost')
}

async function sleep(seconds: number, id: string, signal: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal }).catch(() => {
    throw new HostError('aborted', `interrupted; the job ${id} goes on on the host until its limit`)
  })
}
