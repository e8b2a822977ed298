import { type ConnectionOptions, HostConnection } from './connection.js'
import { knownHostsCache } from './known-hosts.js'
import { localRemote } from './local.js'
import type { Connection, Target, Transport } from './transport.js'

/** What tests shorten and the rest leaves alone. */
export interface TransportOptions extends ConnectionOptions {
  /** A link that answers nothing for `keepaliveCount` times this long counts as cut. Default 15 s, 3 times. */
  readonly keepaliveMs?: number
  readonly keepaliveCount?: number
}

/** The transport of a run: each target over SSH or, with connection local, on the controller itself. */
export function createTransport(options: TransportOptions = {}): Transport {
  const knownHosts = knownHostsCache()
  return {
    async connect(target: Target, signal?: AbortSignal): Promise<Connection> {
      if (target.connection === 'local') return new HostConnection(localRemote(), options)
      // Loaded here, so that a program that does not connect does not pay for it.
      const { connectSsh } = await import('./ssh.js')
      return new HostConnection(await connectSsh(target, { ...options, knownHosts }, signal), options)
    },
  }
}
