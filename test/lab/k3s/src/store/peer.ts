import type { Server } from 'node:http'
import https from 'node:https'
import { readBody, request } from '../core/http.js'
import { reason } from '../core/log.js'
import { mustReadPair } from '../pki/serverPki.js'
import type { Answer } from './messages.js'

/** TCP ports of embedded etcd. */
export const clientPort = 2379
export const peerPort = 2380

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

/** Listens on 2380 (members' traffic) and 2379 (client port, health only); both want a client certificate. */
export async function servePeers(tlsDir: string, address: string, handler: PeerHandler): Promise<() => void> {
  const peers = https.createServer(
    {
      ...tls(tlsDir, 'etcd/peer-server-client', 'etcd/peer-ca'),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (incoming, outgoing) => {
      readBody(incoming)
        .then((body) => handler(incoming.url ?? '/', body === '' ? undefined : JSON.parse(body)))
        .then(
          (answer) => outgoing.end(JSON.stringify(answer)),
          (error: unknown) =>
            outgoing.end(JSON.stringify({ ok: false, error: reason(error) } satisfies Answer)),
        )
    },
  )
  const clients = https.createServer(
    { ...tls(tlsDir, 'etcd/server-client', 'etcd/server-ca'), requestCert: true, rejectUnauthorized: true },
    (_incoming, outgoing) => outgoing.end('{"health":"true","reason":""}'),
  )
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
  /** Asks the client port of a member whether it is alive; rejects when it is not reachable. */
  health(address: string): Promise<void>
  stop(): void
}

export function peerClient(tlsDir: string): PeerClient {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 4, maxCachedSessions: 0 })
  const peer = tls(tlsDir, 'etcd/peer-server-client', 'etcd/peer-ca')
  const client = tls(tlsDir, 'etcd/client', 'etcd/server-ca')
  const call = async <T>(address: string, route: string, body: unknown, timeoutMs: number): Promise<T> => {
    const reply = await request(`https://${address}:${peerPort}${route}`, { ...peer, agent, body, timeoutMs })
    return JSON.parse(reply.text) as T
  }
  return {
    call,
    health: async (address) => {
      await request(`https://${address}:${clientPort}/health`, { ...client, timeoutMs: 2000 })
    },
    stop: () => agent.destroy(),
  }
}
