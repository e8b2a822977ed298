import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2, { type ClientChannel, type ConnectConfig, type ServerHostKeyAlgorithm } from 'ssh2'
import type { Channel, ChannelEnd, Remote } from './channel.js'
import { hostKeyCheck } from './host-key.js'
import type { KnownHostsCache } from './known-hosts.js'
import { authentication, type Credentials, type KeyTools, loadCredentials } from './ssh-auth.js'
import { authError, connectError, mayRetry, type RawError } from './ssh-errors.js'
import { ConnectError, type Target } from './transport.js'

export interface SshOptions {
  readonly knownHosts: KnownHostsCache
  readonly keepaliveMs?: number
  readonly keepaliveCount?: number
}

const maxTries = 3
const hostKeyTypes: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]
/** aes-gcm first: with AES in hardware it costs a fraction of ssh2's default, chacha20. */
const ciphers = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const

/**
 * One SSH connection. A host that refuses, resets or hangs up before authentication (MaxStartups, booting) is tried
 * again, at most three times and only within the connect timeout.
 * @throws ConnectError
 */
export async function connectSsh(target: Target, options: SshOptions, signal?: AbortSignal): Promise<Remote> {
  const credentials = await loadCredentials(target, keyTools)
  const deadline = Date.now() + target.connectTimeoutMs
  for (let tries = 1; ; tries++) {
    try {
      return await attempt(target, options, credentials, deadline - Date.now(), signal)
    } catch (error) {
      // The jitter keeps hosts behind one bastion from coming back all at once.
      const pause = 200 * 3 ** (tries - 1) * (0.5 + Math.random())
      const again = error instanceof ConnectError && mayRetry(error) && !signal?.aborted
      if (!again || tries >= maxTries || Date.now() + pause >= deadline) throw error
      await sleep(pause, undefined, { ref: true })
    }
  }
}

async function attempt(
  target: Target,
  options: SshOptions,
  credentials: Credentials,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Remote> {
  const check = await hostKeyCheck(target, options.knownHosts)
  const socket = await openSocket(target, timeoutMs, signal)
  const auth = authentication(target.user, credentials)
  const client = new ssh2.Client()
  let refused: ConnectError | undefined
  return new Promise((resolve, reject) => {
    const fail = (error: RawError): void => {
      signal?.removeEventListener('abort', onAbort)
      // ssh2 may emit more errors while it closes.
      client.on('error', () => {})
      client.destroy()
      const cutInAuth = error.level !== 'client-authentication' && auth.tried.length > 0
      if (refused) reject(refused)
      else if (cutInAuth) reject(new ConnectError('auth', authCut(target, auth.tried, error)))
      else if (error.level === 'client-authentication')
        reject(authError(target, auth.tried, credentials.problems))
      else reject(connectError(target, error))
    }
    const onAbort = (): void => fail(new ConnectError('closed', 'the connecting was interrupted'))
    signal?.addEventListener('abort', onAbort, { once: true })
    client.on('error', (error) => {
      // An agent that is gone is not the end: ssh2 goes on to the next credential.
      if ((error as RawError).level !== 'agent') fail(error)
    })
    client.once('close', () => fail(new Error('no SSH handshake took place')))
    client.once('ready', () => {
      signal?.removeEventListener('abort', onAbort)
      client.removeAllListeners('error').removeAllListeners('close')
      resolve(sshRemote(client))
    })
    client.connect({
      sock: socket,
      username: target.user,
      readyTimeout: Math.max(timeoutMs, 1),
      keepaliveInterval: options.keepaliveMs ?? 15_000,
      keepaliveCountMax: options.keepaliveCount ?? 3,
      hostVerifier: (key: Buffer) => {
        refused = check.verify(key)
        return refused === undefined
      },
      authHandler: auth.handler,
      algorithms: { cipher: [...ciphers], serverHostKey: knownFirst(check.knownTypes) },
    } as ConnectConfig)
  })
}

function authCut(target: Target, tried: readonly string[], error: Error): string {
  return `${target.name} hung up during the login as ${target.user}, after ${tried.join(', ')} (${error.message})`
}

/** The types that known_hosts holds come first; an RSA key is one type there and several algorithms here. */
function knownFirst(known: readonly string[]): ServerHostKeyAlgorithm[] {
  const isKnown = (type: string): boolean => known.includes(type.startsWith('rsa-') ? 'ssh-rsa' : type)
  return [...hostKeyTypes.filter(isKnown), ...hostKeyTypes.filter((type) => !isKnown(type))]
}

/** ssh2 never sets TCP_NODELAY; without it a connection loses 40 ms to Nagle and delayed acknowledgements. */
function openSocket(target: Target, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: target.address, port: target.port, noDelay: true })
    const settle = (error?: RawError): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.removeListener('error', settle)
      if (error) {
        socket.on('error', () => {})
        socket.destroy()
        reject(connectError(target, error))
      } else resolve(socket)
    }
    const onAbort = (): void => settle(new ConnectError('closed', 'the connecting was interrupted'))
    const timeout = Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })
    const timer = setTimeout(() => settle(timeout), Math.max(timeoutMs, 1))
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => settle())
    socket.once('error', settle)
  })
}

function sshRemote(client: ssh2.Client): Remote {
  let lost: string | undefined
  client.on('error', (error) => {
    lost ??= (error as RawError).level === 'client-timeout' ? 'the host stopped answering' : error.message
  })
  const closed = new Promise<void>((resolve) => {
    client.once('close', () => {
      lost ??= 'the connection was lost'
      resolve()
    })
  })
  return {
    exec: (command) =>
      new Promise((resolve, reject) => {
        if (lost !== undefined) return reject(new ConnectError('closed', lost))
        const onClose = (): void => reject(new ConnectError('closed', lost ?? 'the connection was lost'))
        client.once('close', onClose)
        client.exec(command, (error, channel) => {
          client.removeListener('close', onClose)
          if (!error) return resolve(sshChannel(channel))
          reject(lost === undefined ? refusedChannel(error) : new ConnectError('closed', lost))
        })
      }),
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

const keyTools: KeyTools = {
  parseKey: (data) => ssh2.utils.parseKey(data),
  agentWithout: (socket, publicKeys) => new RemainingAgent(socket, publicKeys),
}

type Identities = Parameters<ssh2.OpenSSHAgent['getIdentities']>[0]

/** The user's agent, without keys that were offered already. */
class RemainingAgent extends ssh2.OpenSSHAgent {
  readonly #offered: readonly Buffer[]

  constructor(socket: string, offered: readonly Buffer[]) {
    super(socket)
    this.#offered = offered
  }

  override getIdentities(callback: Identities): void {
    super.getIdentities((error, keys) => {
      const left = keys?.filter((key) => !('getPublicSSH' in key && this.#holds(key.getPublicSSH())))
      callback(error, left)
    })
  }
  #holds(publicKey: Buffer): boolean {
    return this.#offered.some((one) => one.equals(publicKey))
  }
}
