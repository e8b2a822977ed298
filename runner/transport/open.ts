import { awaitGranted, becomeCommand, refusal } from './become.js'
import type { Channel, Remote } from './channel.js'
import { Session, type SessionOptions } from './session.js'
import type { Become } from './transport.js'

/** How long a program that gives another user's rights may take to answer. */
const becomeTimeoutMs = 30_000

/**
 * Start a program on a host, as another user if asked; the password prompt is behind it when this resolves.
 * @throws ConnectError
 */
export async function startProgram(
  remote: Remote,
  become: Become | undefined,
  program?: string,
): Promise<Channel> {
  const { command, handshake } = becomeCommand(become, program)
  const channel = await remote.exec(command)
  if (handshake) await awaitGranted(channel, handshake, becomeTimeoutMs)
  return channel
}

/** Open a kept shell on a host. @throws ConnectError */
export async function openSession(
  remote: Remote,
  become: Become | undefined,
  options: SessionOptions,
): Promise<Session> {
  const channel = await startProgram(remote, become)
  if (!become) return new Session(channel, options)
  return new Session(channel, { ...options, refusal: (end, said) => refusal(become, end, said) })
}
