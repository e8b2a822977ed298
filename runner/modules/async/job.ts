import { randomBytes } from 'node:crypto'
import { renderScript } from '../../transport/script.js'
import type { Script } from '../../transport/transport.js'
import { type Completed, ModuleFailure, type ProbeHost, type ResultFields } from '../module.js'
import { mustRun, outputFields, timing } from '../outcome.js'
import { cleanupScript, keeperScript, startScript, statusScript } from './scripts.js'

/** What is kept of a task beside its job: fields of its result, and its limit. */
export interface JobNote {
  readonly fields: ResultFields
  /** Whole seconds. */
  readonly limit: number
}

/** How a job stands. `lost`: it was stopped from outside, or the host was started anew. */
export type JobReport =
  | { readonly state: 'absent' }
  | { readonly state: 'running' | 'lost'; readonly folder: string; readonly note: JobNote }
  | {
      readonly state: 'finished'
      readonly folder: string
      readonly note: JobNote
      readonly startMs: number
      readonly endMs: number
      /** It was stopped at its limit. */
      readonly expired: boolean
      readonly completed: Completed
    }

export const jobIdRule = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/

export function newJobId(): string {
  return `j${randomBytes(8).toString('hex')}`
}

/**
 * Starts a script as a job that goes on by itself; gives its folder on the host.
 * @throws ModuleFailure, HostError
 */
export async function startJob(host: ProbeHost, job: string, script: Script, note: JobNote): Promise<string> {
  const values = {
    job,
    program: renderScript(script),
    keeper: renderScript(keeperScript({ job, limit: String(note.limit) })),
    about: JSON.stringify(note),
  }
  const stdin = script.stdin === undefined ? {} : { stdin: script.stdin }
  const { stdout } = await mustRun(host, startScript(values, stdin), 'start the job')
  return stdout.toString('utf8').trim()
}

/** @throws ModuleFailure, HostError, ConnectError */
export async function askJob(host: ProbeHost, job: string): Promise<JobReport> {
  return readJob(await host.query(statusScript({ job })))
}

/** @throws ModuleFailure, HostError */
export async function forgetJob(host: ProbeHost, job: string): Promise<void> {
  await mustRun(host, cleanupScript({ job }), `remove what the job ${job} left`)
}

/** The answer of the status script. @throws ModuleFailure where it is no such answer */
export function readJob(answer: Completed): JobReport {
  const end = answer.stdout.indexOf('\n\n')
  const head = answer.stdout.subarray(0, end < 0 ? undefined : end).toString('utf8')
  const lines = new Map(head.split('\n').map((line) => [line.split(' ', 1)[0]!, line.replace(/^\S* ?/, '')]))
  const state = lines.get('state')
  if (state === 'absent') return { state }
  const folder = lines.get('folder') ?? ''
  const note = readNote(lines.get('about') ?? '')
  if (state === 'running' || state === 'lost') return { state, folder, note }
  const code = Number(lines.get('code'))
  if (state !== 'finished' || !Number.isInteger(code))
    throw new ModuleFailure(`the job's folder ${folder} is damaged`)
  return {
    state,
    folder,
    note,
    startMs: 1000 * Number(lines.get('started')),
    endMs: 1000 * Number(lines.get('ended')),
    expired: lines.has('expired'),
    completed: { ...answer, code, stdout: answer.stdout.subarray(end + 2) },
  }
}

function readNote(text: string): JobNote {
  try {
    const { fields, limit } = JSON.parse(text) as JobNote
    return { fields: { ...fields }, limit: Number(limit) }
  } catch {
    throw new ModuleFailure('what was noted of the job cannot be read')
  }
}

/** The message of a job that was stopped at its limit. */
function expiredMessage(job: string, { limit }: JobNote): string {
  return `the job ${job} ran longer than its limit (async: ${limit} s) and was stopped`
}

/** The fields of Ansible's result of a job. @throws ModuleFailure where it failed, or is not there */
export function jobFields(job: string, report: JobReport): ResultFields {
  const known = { ansible_job_id: job, started: true }
  if (report.state === 'absent')
    throw new ModuleFailure(
      `could not find the job ${job}`,
      { ...known, finished: true },
      'jobs are kept in the home folder of the user that started them: ask as the same user',
    )
  const base = { ...known, results_file: report.folder, ...report.note.fields }
  if (report.state !== 'finished') {
    if (report.state === 'running') return { ...base, finished: false, stdout: '', stderr: '' }
    throw new ModuleFailure(`the job ${job} is gone: it was stopped, or the host was started anew`, {
      ...base,
      finished: true,
    })
  }
  const { completed, startMs, endMs, expired, note } = report
  const fields = { ...base, finished: true, ...outputFields(completed), ...timing(startMs, endMs) }
  if (expired) throw new ModuleFailure(expiredMessage(job, note), fields)
  if (completed.code !== 0) throw new ModuleFailure('non-zero return code', fields)
  return fields
}
