import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2, { type Client } from 'ssh2'
import type { Remote } from './channel.js'
import type { ConfigSurroundings } from './config-state.js'
import { hostKeyCheck } from './host-key.js'
import { type Identities, loadIdentities } from './identities.js'
import type { ParseKey } from './key-files.js'
import type { KnownHostsCache } from './known-hosts.js'
import { type Ask, passphrases } from './passphrases.js'
import { startProxyCommand } from './proxy-command.js'
import { resolveSettings, type Settings } from './settings.js'
import { handshake } from './ssh-client.js'
import { mayRetry } from './ssh-errors.js'
import { forward, type Hop, hops, hopTarget } from './ssh-jumps.js'
import { sshRemote } from './ssh-remote.js'
import { openTcp } from './tcp.js'
import { ConnectError, type Target } from './transport.js'

export interface SshOptions {
  readonly knownHosts: KnownHostsCache
  readonly around: ConfigSurroundings
  readonly ask: Ask | undefined
  readonly keepaliveMs: number | undefined
  readonly keepaliveCount: number | undefined
}

/** What the SSH connections of a run share: files that were read, passphrases, jump hosts. */
export interface SshTransport {
  /** @throws ConnectError */
  connect(target: Target, signal?: AbortSignal): Promise<{ readonly remote: Remote; readonly user: string }>
}

/** MaxStartups hangs up on new connections by chance: there more tries are worth while. */
const triesAfter = (error: ConnectError): number => (error.code === 'closed' ? 5 : 3)
const maxHops = 10

/** A connection that is open, and what ends with it. */
interface Entered {
  readonly client: Client
  readonly settings: Settings
  readonly hop: Hop | undefined
}

export function sshTransport(options: SshOptions): SshTransport {
  const unlocked = passphrases(options.ask, parseKey)
  const unasked = passphrases(undefined, parseKey)
  const shared = hops()

  const enter = async (target: Target, signal?: AbortSignal): Promise<Entered> => {
    const settings = resolveSettings(target, options.around)
    const loaded = await loadCredentials(settings, settings.batchMode ? unasked : unlocked)
    const hop = settings.jumps.length > 0 ? await through(target, settings) : undefined
    try {
      const client = await tryToEnter(settings, loaded, options, hop, signal)
      client.once('close', () => hop?.release())
      return { client, settings, hop }
    } catch (error) {
      hop?.release()
      throw error
    }
  }

  /** A jump host is nobody's alone: an interrupted host must not take it from the others, so it gets no signal. */
  const through = (target: Target, settings: Settings): Promise<Hop> => {
    const next = hopTarget(target, settings)
    return shared.to(next, async () => {
      try {
        const { client, settings: way } = await enter(next)
        client.on('error', () => {})
        return { client, settings: way, close: () => client.end() }
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error
        throw new ConnectError(error.code, `jump host ${next.name}: ${error.message}`, error.hint)
      }
    })
  }

  return {
    async connect(target, signal) {
      refuseLoop(target, options.around)
      const { client, settings } = await enter(target, signal)
      return { remote: sshRemote(client, settings.forwardAgent !== undefined), user: settings.user }
    },
  }
}

/** Two jump hosts that want each other would wait for ever. @throws ConnectError 'config' */
function refuseLoop(target: Target, around: ConfigSurroundings): void {
  const seen = [JSON.stringify(target)]
  const names = [target.name]
  let settings = resolveSettings(target, around)
  for (let hop = target; settings.jumps.length > 0; settings = resolveSettings(hop, around)) {
    hop = hopTarget(hop, settings)
    names.push(hop.name)
    if (seen.includes(JSON.stringify(hop)) || names.length > maxHops)
      throw new ConnectError('config', `the jump hosts lead back to themselves: ${names.join(', ')}`)
    seen.push(JSON.stringify(hop))
  }
}

/** @throws ConnectError 'key-file' or 'auth' when there is nothing to log in with */
async function loadCredentials(
  settings: Settings,
  unlocked: ReturnType<typeof passphrases>,
): Promise<Identities> {
  const loaded = await loadIdentities(settings, unlocked, parseKey)
  const { identities, problems } = loaded
  if (identities.length > 0 || settings.password !== undefined) return loaded
  if (problems.length > 0) throw new ConnectError('key-file', problems.join('; '), keyHint(problems))
  throw new ConnectError(
    'auth',
    `there is nothing to log in to ${settings.name} with`,
    'give a key (ansible_ssh_private_key_file), an agent (SSH_AUTH_SOCK) or a password (ansible_password)',
  )
}

function keyHint(problems: readonly string[]): string {
  return problems.some((problem) => problem.includes('encrypted'))
    ? 'eval "$(ssh-agent)"; ssh-add FILE'
    : 'check ansible_ssh_private_key_file'
}

/**
 * A host that refuses, resets or hangs up before authentication (MaxStartups, booting) is tried again, within the
 * connect timeout and as often as ConnectionAttempts says.
 */
async function tryToEnter(
  settings: Settings,
  loaded: Identities,
  options: SshOptions,
  hop: Hop | undefined,
  signal?: AbortSignal,
): Promise<Client> {
  const deadline = Date.now() + settings.connectTimeoutMs
  for (let tried = 1; ; tried++) {
    try {
      const left = (): number => deadline - Date.now()
      const check = await hostKeyCheck(settings, options.knownHosts)
      // Nothing may be awaited between the two: a stream that closes meanwhile would not be noticed.
      const way = await openWay(settings, hop, left(), signal)
      return await handshake(settings, loaded, way, { ...options, check, timeoutMs: left(), signal })
    } catch (error) {
      // The jitter keeps hosts behind one bastion from coming back all at once.
      const pause = 200 * 2 ** Math.min(tried - 1, 4) * (0.5 + Math.random())
      const again = error instanceof ConnectError && mayRetry(error) && !signal?.aborted
      if (
        !again ||
        tried >= (settings.connectionAttempts ?? triesAfter(error)) ||
        Date.now() + pause >= deadline
      )
        throw error
      await sleep(pause)
    }
  }
}

/** What carries the connection, and what is known of why it ended. */
export interface Way {
  readonly stream: Duplex
  readonly said?: () => Promise<string>
}

async function openWay(
  settings: Settings,
  hop: Hop | undefined,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Way> {
  if (hop) return { stream: await forward(hop, settings, timeoutMs) }
  if (settings.proxyCommand !== undefined) return startProxyCommand(settings.proxyCommand)
  return { stream: await openTcp(settings, timeoutMs, signal) }
}

const parseKey: ParseKey = (data, passphrase) => ssh2.utils.parseKey(data, passphrase)
