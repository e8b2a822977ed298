import type { ChannelEnd } from './channel.js'
import { output } from './collect.js'
import type { Job, SessionOutcome } from './job.js'
import { deathSignal, lastLine } from './signals.js'
import { ConnectError } from './transport.js'

const cut = 'the connection was lost'

/** The host told how the program ended; otherwise the connection was cut, and nothing is known. */
export function isKnown(end: ChannelEnd): boolean {
  return end.code !== null || end.signal !== null
}

/** The login ended before the shell answered. */
export function noShell(end: ChannelEnd, noise: string): ConnectError {
  const said = lastLine(noise)
  return new ConnectError(
    'shell',
    `no shell was given: the login ended with status ${end.code ?? end.signal}${said && ` (${said})`}`,
    "the user's login shell must be able to run /bin/sh",
  )
}

/** What became of a script whose shell is gone. */
export function endOutcome(job: Job, end: ChannelEnd): SessionOutcome {
  const known = isKnown(end)
  if (job.state === 'queued')
    return known ? { kind: 'notStarted' } : { kind: 'lost', sent: false, reason: cut }
  if (!known) return { kind: 'lost', sent: true, reason: cut }
  if (job.state === 'written') return { kind: 'notStarted' }
  const signal = deathSignal(end)
  if (signal) return { kind: 'signalled', signal, ...output(job.stdout, job.stderr) }
  return { kind: 'lost', sent: true, reason: `the shell on the host ended with status ${end.code}` }
}
