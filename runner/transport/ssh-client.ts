import type { Duplex } from 'node:stream'
import ssh2, { type Client, type ConnectConfig } from 'ssh2'
import { applyList, knownFirst, supported } from './algorithms.js'
import { certificateAlgorithm } from './certificate.js'
import type { ConfigSurroundings } from './config-state.js'
import type { HostKeyCheck } from './host-key.js'
import type { Identities } from './identities.js'
import { onAbort } from './on-abort.js'
import type { Settings } from './settings.js'
import { authentication } from './ssh-auth.js'
import { authError, connectError, type RawError } from './ssh-errors.js'
import { hookLogin, type LoginHooks } from './ssh-hooks.js'
import { takeHostCertificates } from './ssh-host-certificates.js'
import { sendWholePackets } from './ssh-whole-packets.js'
import { ConnectError } from './transport.js'

export interface HandshakeOptions {
  readonly check: HostKeyCheck
  readonly around: ConfigSurroundings
  readonly keepaliveMs: number | undefined
  readonly keepaliveCount: number | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/**
 * Host key, then login, over a stream that is open; the stream is given up with the attempt.
 * @throws ConnectError
 */
export function handshake(
  settings: Settings,
  loaded: Identities,
  way: { readonly stream: Duplex; readonly said?: () => Promise<string> },
  options: HandshakeOptions,
): Promise<Client> {
  const { check } = options
  const client = new ssh2.Client()
  // Whoever waits for a channel listens for the end; there is no leak to warn of.
  client.setMaxListeners(0)
  let hooks: LoginHooks | undefined
  let refused: ConnectError | undefined
  const auth = authentication(settings, loaded.identities, () => hooks!)
  return new Promise((resolve, reject) => {
    const { signal } = options
    const finish = (): void => {
      timer.stop()
      unwatch?.()
    }
    const fail = (error: RawError): void => {
      finish()
      // ssh2 may emit more errors while it closes.
      client.on('error', () => {})
      client.destroy()
      way.stream.destroy()
      const give = (said?: string): void =>
        reject(refused ?? reasonOf(settings, auth.tried, loaded.problems, withSaid(error, said)))
      if (way.said) void way.said().then(give)
      else give()
    }
    const interrupt = (): void => fail(new ConnectError('closed', 'the connecting was interrupted'))
    const timeout = Object.assign(new Error('timed out'), { level: 'client-timeout' })
    const timer = stopwatch(Math.max(options.timeoutMs, 1), () => fail(timeout))
    const unwatch = signal && onAbort(signal, interrupt)
    if (signal?.aborted) return interrupt()
    client.on('error', (error) => {
      // A key that could not sign is not the end: ssh2 goes on to the next credential.
      if ((error as RawError).level !== 'agent') fail(error)
    })
    client.once('close', () => fail(new Error('no SSH handshake took place')))
    client.once('ready', () => {
      finish()
      client.removeAllListeners('error').removeAllListeners('close')
      resolve(client)
    })
    client.connect({
      sock: way.stream,
      username: settings.user,
      // The time in which a person types a passphrase does not count, so it is measured here.
      readyTimeout: 0,
      keepaliveInterval: options.keepaliveMs ?? settings.keepaliveMs ?? 15_000,
      keepaliveCountMax: options.keepaliveCount ?? settings.keepaliveCount ?? 3,
      hostVerifier: (key: Buffer) => {
        refused = check.verify(key)
        return refused === undefined
      },
      authHandler: auth.handler,
      algorithms: algorithmsFor(settings, check.knownTypes, options.around.warn),
      ...(settings.forwardAgent === undefined ? {} : { agent: settings.forwardAgent }),
    } as unknown as ConnectConfig)
    sendWholePackets(client, way.stream)
    if (check.hasAuthority) takeHostCertificates(client, certificatesFor(settings))
    hooks = hookLogin(client, (begins) => (begins ? timer.stop() : timer.start()))
  })
}

/** Fires when it ran for so long in one go. */
function stopwatch(ms: number, fire: () => void): { start(): void; stop(): void } {
  let timer = setTimeout(fire, ms)
  return {
    start: () => {
      clearTimeout(timer)
      timer = setTimeout(fire, ms)
    },
    stop: () => clearTimeout(timer),
  }
}

function withSaid(error: RawError, said: string | undefined): RawError {
  if (!said || error instanceof ConnectError) return error
  return Object.assign(new Error(`${error.message}; the ProxyCommand said: ${said}`), { ...error })
}

function reasonOf(
  settings: Settings,
  tried: readonly string[],
  problems: readonly string[],
  error: RawError,
): ConnectError {
  if (error instanceof ConnectError) return error
  if (error.level === 'client-authentication') return authError(settings, tried, problems)
  if (tried.length === 0) return connectError(settings, error)
  return new ConnectError(
    'auth',
    `${settings.name} hung up during the login as ${settings.user}, after ${tried.join(', ')} (${error.message})`,
    /too many/i.test(error.message)
      ? 'each key that is offered counts: set IdentitiesOnly, or name the one key with ansible_ssh_private_key_file'
      : undefined,
  )
}

/** HostKeyAlgorithms names certificates by themselves; a list that only adds or takes away leaves all of them. */
function certificatesFor({ algorithms: { hostkeyalgorithms: list } }: Settings): string[] {
  const named = list === undefined || /^[-+^]/.test(list) ? undefined : list.split(',')
  return supported.hostkeyalgorithms.filter((name) => named?.includes(certificateAlgorithm(name)) ?? true)
}

/** Without HostKeyAlgorithms the types that known_hosts holds come first, else a good host looks like a false one. */
function algorithmsFor(
  settings: Settings,
  knownTypes: readonly string[],
  warn: (text: string) => void,
): Record<string, string[]> {
  const chosen = (kind: keyof Settings['algorithms']): string[] => {
    const { names, unmet } = applyList(kind, settings.algorithms[kind])
    if (unmet)
      warn(
        `${settings.alias}: nothing of ${kind} ${settings.algorithms[kind]} is supported; defaults are used`,
      )
    return names
  }
  const hostKeys = chosen('hostkeyalgorithms')
  const set = settings.algorithms.hostkeyalgorithms
  return {
    cipher: chosen('ciphers'),
    serverHostKey: set === undefined || /^[-+]/.test(set) ? knownFirst(hostKeys, knownTypes) : hostKeys,
    ...(settings.algorithms.kexalgorithms === undefined ? {} : { kex: chosen('kexalgorithms') }),
    ...(settings.algorithms.macs === undefined ? {} : { hmac: chosen('macs') }),
  }
}
