import { setTimeout as sleep } from 'node:timers/promises'
import type { Script } from '../transport/transport.js'
import { ConnectError, type ConnectErrorCode } from '../transport/transport.js'
import { type ApplyHost, type Completed, HostError, ModuleFailure } from './module.js'

/** What does not get better by waiting. */
const final: ReadonlySet<ConnectErrorCode> = new Set([
  'host-key-unknown',
  'host-key-changed',
  'host-key-revoked',
  'key-file',
  'become',
  'config',
])

/** A host that boots may refuse logins for a moment; more attempts could lock an account. */
const authTries = 3

/** How a host that is away is waited for; all in seconds. */
export interface Patience {
  readonly timeout: number
  readonly pause: number
  /** For one try. */
  readonly attempt: number
}

/**
 * Ask a host until its answer is accepted, through lost and refused connections.
 * @throws ModuleFailure when the time is over, with what was seen last; ConnectError for what waiting cannot help
 */
export async function askUntil(
  host: ApplyHost,
  script: Script,
  accepts: (answer: Completed) => boolean,
  { timeout, pause, attempt }: Patience,
): Promise<Completed> {
  const end = Date.now() + timeout * 1000
  let last = 'nothing was seen of it'
  let refused = 0
  for (;;) {
    const left = end - Date.now()
    if (left <= 0) throw new ModuleFailure(`the host was not back after ${timeout} s: ${last}`)
    const timeoutMs = Math.ceil(Math.min(attempt * 1000, left))
    try {
      const answer = await host.run({ ...script, repeatable: true, timeoutMs })
      if (accepts(answer)) return answer
      last =
        answer.code === 0
          ? 'it is not there yet'
          : answer.stderr.toString('utf8').trim() || `exit code ${answer.code}`
    } catch (error) {
      if (error instanceof ConnectError && error.code === 'auth') refused += 1
      if (!mayPass(error) || refused >= authTries) throw error
      last = error.message
    }
    await sleep(Math.min(pause * 1000, Math.max(0, end - Date.now())))
  }
}

/** Whether waiting may help against it. */
export function mayPass(error: unknown): error is ConnectError | HostError {
  if (error instanceof ConnectError) return !final.has(error.code)
  return error instanceof HostError && error.kind !== 'aborted'
}
