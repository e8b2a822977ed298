import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { Settings } from './settings.js'
import { connectError } from './ssh-errors.js'
import { ConnectError, type Target } from './transport.js'

/** A jump host that is open, for as many hosts behind it as want it; each gives it back once. */
export interface Hop {
  readonly client: Client
  readonly settings: Settings
  release(): void
}

/** Opens each jump host once for all the hosts behind it, and closes it after the last. */
export interface Hops {
  /** @throws ConnectError of the jump host */
  to(target: Target, open: () => Promise<OpenHop>): Promise<Hop>
}

export interface OpenHop {
  readonly client: Client
  readonly settings: Settings
  /** Ends the connection. */
  close(): void
}

interface Shared {
  readonly opened: Promise<OpenHop>
  users: number
}

export function hops(): Hops {
  const open = new Map<string, Shared>()
  return {
    async to(target, connect) {
      const key = JSON.stringify(target)
      const shared = open.get(key) ?? { opened: connect(), users: 0 }
      open.set(key, shared)
      shared.users++
      const forget = (): void => {
        if (open.get(key) === shared) open.delete(key)
      }
      try {
        const hop = await shared.opened
        hop.client.once('close', forget)
        let given = true
        const release = (): void => {
          if (!given) return
          given = false
          if (--shared.users > 0) return
          forget()
          hop.close()
        }
        return { client: hop.client, settings: hop.settings, release }
      } catch (error) {
        forget()
        throw error
      }
    },
  }
}

/**
 * The last hop of a target with jump hosts, as a target of its own: like ssh it gets none of the options of the host
 * behind it, but the file they come from, and the hops before it.
 */
export function hopTarget(target: Target, settings: Settings): Target {
  const before = settings.jumps.slice(0, -1)
  const hop = parseHop(settings.jumps.at(-1)!, target.name)
  return {
    name: hop.host,
    connection: 'ssh',
    address: hop.host,
    port: hop.port,
    user: hop.user,
    identityFiles: [],
    hostKeyPolicy: target.hopHostKeyPolicy,
    hopHostKeyPolicy: target.hopHostKeyPolicy,
    sshArgs:
      before.length === 0 ? [] : [{ keyword: 'proxyjump', words: [before.join(',')], place: target.name }],
    configFile: target.configFile,
  }
}

/** `[user@]host[:port]` or `ssh://…`, with an IPv6 address in brackets. */
function parseHop(
  text: string,
  name: string,
): { host: string; port: number | undefined; user: string | undefined } {
  const rule =
    /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@/[\]]+|[^@/[\]]*:[^@/[\]]*:[^@/[\]]*))(?::(\d{1,5}))?\/?$/
  const match = rule.exec(text)
  const host = match?.[2] ?? match?.[3]
  if (!host) throw new ConnectError('config', `the jump host '${text}' of ${name} is not [user@]host[:port]`)
  return { host, port: match?.[4] === undefined ? undefined : Number(match[4]), user: match?.[1] }
}

/** A connection from the jump host on to the next one. @throws ConnectError */
export function forward(hop: Hop, settings: Settings, timeoutMs: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const timeout = Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })
    const timer = setTimeout(() => reject(connectError(settings, timeout)), Math.max(timeoutMs, 1))
    const onClose = (): void => {
      clearTimeout(timer)
      reject(new ConnectError('proxy', `the connection to the jump host ${hop.settings.name} was lost`))
    }
    hop.client.once('close', onClose)
    hop.client.forwardOut('127.0.0.1', 0, settings.address, settings.port, (error, channel) => {
      clearTimeout(timer)
      hop.client.removeListener('close', onClose)
      if (error) reject(refused(error, hop, settings))
      else resolve(channel)
    })
  })
}

/** Reason 1 of RFC 4254 is that the jump host does not do it, any other that it got no connection. */
function refused(error: Error & { reason?: unknown }, hop: Hop, settings: Settings): ConnectError {
  const where = `${settings.address} port ${settings.port}`
  if (error.reason === 1 || /prohibited/i.test(error.message))
    return new ConnectError(
      'proxy',
      `the jump host ${hop.settings.name} does not forward to ${where}`,
      'it must allow AllowTcpForwarding and PermitOpen',
    )
  return new ConnectError(
    'refused',
    `the jump host ${hop.settings.name} gets no connection to ${where} (${error.message})`,
    'does sshd run there, and on that port?',
  )
}
