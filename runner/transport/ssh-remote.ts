import type { Client, ClientChannel, ExecOptions } from 'ssh2'
import type { Channel, ChannelEnd, Remote } from './channel.js'
import type { RawError } from './ssh-errors.js'
import { ConnectError } from './transport.js'

/** A logged-in connection as the way to start programs. `forwardAgent` lets them use the agent of the controller. */
export function sshRemote(client: Client, forwardAgent: boolean): Remote {
  let lost: string | undefined
  let agentForward = forwardAgent
  client.on('error', (error) => {
    lost ??= (error as RawError).level === 'client-timeout' ? 'the host stopped answering' : error.message
  })
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => {
      lost ??= 'the connection was lost'
      resolve()
    })
  })
  /** sshd gives a channel no window before it has started the program: so nothing could be sent along with it. */
  const start = (command: string): Promise<Channel> =>
    new Promise((resolve, reject) => {
      if (lost !== undefined) return reject(new ConnectError('closed', lost))
      const onClose = (): void => reject(new ConnectError('closed', lost ?? 'the connection was lost'))
      client.once('close', onClose)
      client.exec(command, { agentForward } as ExecOptions, (error, channel) => {
        client.removeListener('close', onClose)
        if (!error) return resolve(sshChannel(channel))
        reject(lost === undefined ? refusedChannel(error) : new ConnectError('closed', lost))
      })
    })
  return {
    exec: async (command) => {
      try {
        return await start(command)
      } catch (error) {
        if (!agentForward || !/agent forwarding/.test((error as Error).message)) throw error
        // Like ssh: a host that lets no agent through is worked on without one.
        agentForward = false
        return start(command)
      }
    },
    lostReason: () => lost,
    close: async () => {
      client.end()
      const timer = setTimeout(() => client.destroy(), 2000)
      await closed
      clearTimeout(timer)
    },
  }
}

function refusedChannel(error: Error): ConnectError {
  return new ConnectError(
    'shell',
    `the host refuses another session on the connection (${error.message})`,
    'sshd may limit them: MaxSessions in sshd_config',
  )
}

/** ssh2 tells the exit by one event and the end of the output by another; a cut connection gives only the latter. */
function sshChannel(channel: ClientChannel): Channel {
  let end: ChannelEnd = { code: null, signal: null }
  channel.on('exit', (code: number | null, signal?: string) => {
    end = { code: code ?? null, signal: signal ?? null }
  })
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    ended: new Promise((resolve) => channel.once('close', () => resolve(end))),
    close: () => channel.close(),
    signal: (name) => channel.signal(name),
  }
}
