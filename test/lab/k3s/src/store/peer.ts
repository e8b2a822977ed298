import type { Server } from 'node:http'
import https from 'node:https'
import { readBody, request } from '../core/http.js'
import { reason } from '../core/log.js'
import { mustReadPair } from '../pki/serverPki.js'
import type { Answer } from './messages.js'

/** TCP ports of embedded etcd. */
const clientPort = 2379
const peerPort = 2380

/** Answers one request of a peer: path and JSON body in, JSON out. */
export type PeerHandler = (route: string, body: unknown) => Promise<unknown>

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, () => resolve())
  })
}

function tls(tlsDir: string, stem: string, caName: 'etcd/peer-ca' | 'etcd/server-ca') {
  const pair = mustReadPair(tlsDir, stem)
  return { cert: pair.cert, key: pair.key, ca: mustReadPair(tlsDir, caName).cert }
}

/** Listens on 2380 (members' traffic) and 2379 (clients: health, and servers without etcd of their own); both want a client certificate. */
export async function servePeers(
  tlsDir: string,
  address: string,
  handler: PeerHandler,
  clientHandler: PeerHandler,
): Promise<() => void> {
  const serve = (stem: string, ca: 'etcd/peer-ca' | 'etcd/server-ca', handle: PeerHandler): Server =>
    https.createServer(
      { ...tls(tlsDir, stem, ca), requestCert: true, rejectUnauthorized: true },
      (incoming, outgoing) => {
        readBody(incoming)
          .then((body) => handle(incoming.url ?? '/', body === '' ? undefined : JSON.parse(body)))
          .catch((error: unknown) => ({ ok: false, error: reason(error) }) satisfies Answer)
          .then((answer) => outgoing.end(JSON.stringify(answer)))
      },
    )
  const peers = serve('etcd/peer-server-client', 'etcd/peer-ca', handler)
  const clients = serve('etcd/server-client', 'etcd/server-ca', clientHandler)
  peers.keepAliveTimeout = 30_000
  await listen(peers, peerPort, address)
  await listen(clients, clientPort, address)
  return () => {
    for (const server of [peers, clients]) {
      server.close()
      server.closeAllConnections()
    }
  }
}

/** Calls to other members. */
export interface PeerClient {
  call<T>(address: string, route: string, body: unknown, timeoutMs: number): Promise<T>
  /** The same on the client port, 2379. */
  ask<T>(address: string, route: string, body: unknown, timeoutMs: number): Promise<T>
  stop(): void
}

export function peerClient(tlsDir: string): PeerClient {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 4, maxCachedSessions: 0 })
  const peer = tls(tlsDir, 'etcd/peer-server-client', 'etcd/peer-ca')
  const client = tls(tlsDir, 'etcd/client', 'etcd/server-ca')
  const post =
    (port: number, identity: typeof peer) =>
    async <T>(address: string, route: string, body: unknown, timeoutMs: number): Promise<T> => {
      const reply = await request(`https://${address}:${port}${route}`, {
        ...identity,
        agent,
        body,
        timeoutMs,
      })
      return JSON.parse(reply.text) as T
    }
  return { call: post(peerPort, peer), ask: post(clientPort, client), stop: () => agent.destroy() }
}
