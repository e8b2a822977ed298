import { version } from '../core/version.js'
import { exportCas } from '../pki/serverPki.js'
import { memberList } from '../store/store.js'
import { agentGroup, serverGroup, type User } from './auth.js'
import type { ServerContext } from './context.js'
import { heartbeat } from './heartbeat.js'
import { registerNode } from './register.js'
import { forbidden } from './status.js'

/** One route of the supervisor; `who` is the least right it takes. */
interface Route {
  who: 'server' | 'node'
  run(context: ServerContext, body: never, user: User): Promise<unknown> | unknown
}

const routes: Record<string, Route> = {
  '/db/info': {
    who: 'server',
    run: (context) => ({ kind: context.store.kind, members: memberList(context.store) }),
  },
  '/v1-k3s/config': {
    who: 'node',
    run: (context) => ({ critical: context.critical, version, servers: serverAddresses(context) }),
  },
  '/v1-k3s/server-bootstrap': { who: 'server', run: (context) => exportCas(context.dirs.tls) },
  '/v1-k3s/node-register': { who: 'node', run: registerNode },
  '/v1-k3s/heartbeat': { who: 'node', run: heartbeat },
  '/v1-k3s/token-rotate': {
    who: 'server',
    run: async (context, body) => (await import('../operations/tokenRotate.js')).rotateToken(context, body),
  },
  '/v1-k3s/snapshot': {
    who: 'server',
    run: async (context, body) => (await import('../operations/snapshots.js')).snapshotRequest(context, body),
  },
  '/v1-k3s/encrypt': {
    who: 'server',
    run: async (context, body) =>
      (await import('../operations/encryption.js')).encryptionRequest(context, body),
  },
  '/v1-k3s/rotate-ca': {
    who: 'server',
    run: async (context, body) => (await import('../operations/rotateCa.js')).rotateCa(context, body),
  },
}

/** `address:port` of all servers, this one first. */
export function serverAddresses(context: ServerContext): string[] {
  const others = memberList(context.store).map((member) => member.address)
  const all = [context.nodeIp, ...others.filter((address) => address !== '')]
  return [...new Set(all)].map((address) => `${address}:${context.port}`)
}

/** Answers a supervisor request. @throws ApiError */
export async function supervise(
  context: ServerContext,
  user: User,
  url: URL,
  body: unknown,
): Promise<unknown> {
  const route = routes[url.pathname]
  if (route === undefined) throw forbidden(`no such supervisor path ${url.pathname}`)
  const server = user.groups.includes(serverGroup) || user.groups.includes('system:masters')
  const node = server || user.groups.includes(agentGroup) || user.groups.includes('system:nodes')
  if (!(route.who === 'server' ? server : node)) throw forbidden('Forbidden')
  return route.run(context, body as never, user)
}
