import { homedir, userInfo } from 'node:os'
import { configFiles } from './config-files.js'
import { type ConnectionOptions, HostConnection } from './connection.js'
import { knownHostsCache } from './known-hosts.js'
import { localRemote } from './local.js'
import type { Ask } from './passphrases.js'
import type { SshTransport } from './ssh.js'
import type { Connection, Target, Transport } from './transport.js'

/** What a run gives its transport; the rest is what tests shorten. */
export interface TransportOptions extends ConnectionOptions {
  /** Asks for the passphrase of a key, once a run. Without it, or where it throws, an encrypted key is of no use. */
  readonly ask?: Ask | undefined
  /** Told what ssh_config says that cannot be done, and of hosts that cannot be locked; each text once. */
  readonly warn?: ((text: string) => void) | undefined
  /** A link that answers nothing for `keepaliveCount` times this long counts as cut. Default 15 s, 3 times. */
  readonly keepaliveMs?: number
  readonly keepaliveCount?: number
  /** Whose ~/.ssh is read. */
  readonly home?: string
}

/** The transport of a run: each target over SSH or, with connection local, on the controller itself. */
export function createTransport(options: TransportOptions = {}): Transport {
  const login = userInfo().username
  const warn = onceEach(options.warn ?? (() => undefined))
  let ssh: Promise<SshTransport> | undefined
  return {
    async connect(target: Target, signal?: AbortSignal): Promise<Connection> {
      // The controller is no host of one run alone.
      if (target.connection === 'local')
        return new HostConnection(localRemote(), login, { ...options, claim: undefined })
      // Loaded here, so that a program that does not connect does not pay for it.
      ssh ??= import('./ssh.js').then(({ sshTransport }) =>
        sshTransport({
          ask: options.ask,
          keepaliveMs: options.keepaliveMs,
          keepaliveCount: options.keepaliveCount,
          knownHosts: knownHostsCache(),
          around: {
            files: configFiles(),
            home: options.home ?? homedir(),
            login,
            warn,
          },
        }),
      )
      const way = await ssh
      const { remote, user } = await way.connect(target, signal)
      const onUnlocked = (why: string): void =>
        warn(`${target.name}: nothing keeps another run from changing it at the same time: ${why}`)
      const another = async () => (await way.connect(target)).remote
      return new HostConnection(remote, user, { ...options, onUnlocked }, another)
    },
  }
}

function onceEach(tell: (text: string) => void): (text: string) => void {
  const told = new Set<string>()
  return (text) => {
    if (told.has(text)) return
    told.add(text)
    tell(text)
  }
}
