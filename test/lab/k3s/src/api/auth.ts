import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { ServerContext } from './context.js'
import { getObject } from './objects.js'
import { secrets } from './resources.js'

/** Who asks: a name and groups, as in Kubernetes. */
export interface User {
  name: string
  groups: string[]
}

/** Groups of holders of the cluster's tokens. */
export const serverGroup = 'k3s:server'
export const agentGroup = 'k3s:agent'

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Finds out who asks; undefined for nobody known. */
export async function authenticate(
  context: ServerContext,
  incoming: IncomingMessage,
): Promise<User | undefined> {
  const socket = incoming.socket as TLSSocket
  // a resumed session is `authorized` without a certificate, so the certificate itself must be there
  const subject = socket.getPeerCertificate()?.subject as { CN: string; O?: string | string[] } | undefined
  if (socket.authorized && subject !== undefined) {
    const groups = subject.O === undefined ? [] : [subject.O].flat()
    return { name: subject.CN, groups }
  }
  const [scheme, value = ''] = (incoming.headers.authorization ?? '').split(' ')
  if (scheme === 'Basic') return basic(context, Buffer.from(value, 'base64').toString('utf8'))
  if (scheme === 'Bearer') return bearer(context, value)
  return undefined
}

function basic(context: ServerContext, text: string): User | undefined {
  const colon = text.indexOf(':')
  const [user, password] = [text.slice(0, colon), text.slice(colon + 1)]
  if (user === 'server' && same(password, context.token)) return { name: 'server', groups: [serverGroup] }
  const agent =
    same(password, context.token) || (context.agentToken !== undefined && same(password, context.agentToken))
  return user === 'node' && agent ? { name: 'node', groups: [agentGroup] } : undefined
}

/** Bootstrap tokens are secrets `bootstrap-token-<id>` in kube-system, as kubeadm's. */
async function bearer(context: ServerContext, text: string): Promise<User | undefined> {
  const [id = '', secret = ''] = text.split('.')
  const kv = await context.store.read()
  const object = getObject(kv, secrets, 'kube-system', `bootstrap-token-${id}`)
  if (object === undefined) return undefined
  const data = object.stringData as Record<string, string>
  const expires = data.expiration === undefined ? Number.POSITIVE_INFINITY : Date.parse(data.expiration)
  if (!same(secret, data['token-secret'] ?? '') || expires < Date.now()) return undefined
  return { name: `system:bootstrap:${id}`, groups: [agentGroup] }
}
