import { constants } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import https from 'node:https'
import path from 'node:path'
import { readText } from '../core/files.js'
import { readBody } from '../core/http.js'
import { log, reason } from '../core/log.js'
import { version, versionNumbers } from '../core/version.js'
import { mustReadPair } from '../pki/serverPki.js'
import { authenticate, type User } from './auth.js'
import type { ServerContext } from './context.js'
import { ApiError } from './objects.js'
import { rest } from './rest.js'
import { forbidden, statusOf, unauthorized } from './status.js'
import { supervise } from './supervisor.js'

interface Result {
  status: number
  body: unknown
}

/** Listens for the Kubernetes API and the supervisor, which share one port. */
export async function serveApi(context: ServerContext, address: string | undefined): Promise<() => void> {
  const serving = mustReadPair(context.dirs.tls, 'serving-kube-apiserver')
  const server = https.createServer(
    {
      cert: serving.cert,
      key: serving.key,
      ca: mustReadPair(context.dirs.tls, 'client-ca').cert,
      // no session tickets: a resumed session would not show the client's certificate again
      secureOptions: constants.SSL_OP_NO_TICKET,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (incoming, outgoing) => void answer(context, incoming, outgoing),
  )
  server.keepAliveTimeout = 30_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: context.port, ...(address === undefined ? {} : { host: address }) }, () =>
      resolve(),
    )
  })
  return () => {
    server.close()
    server.closeAllConnections()
  }
}

async function answer(
  context: ServerContext,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  let result: Result
  try {
    result = await route(context, incoming)
  } catch (error) {
    const known = error instanceof ApiError ? error : new ApiError(500, 'InternalError', reason(error))
    result = { status: known.status, body: statusOf(known) }
    if (!(error instanceof ApiError)) log('error', `${incoming.method} ${incoming.url}: ${reason(error)}`)
  }
  const text = typeof result.body === 'string' ? result.body : JSON.stringify(result.body)
  const type = typeof result.body === 'string' ? 'text/plain' : 'application/json'
  outgoing.writeHead(result.status, { 'content-type': type, 'content-length': Buffer.byteLength(text) })
  outgoing.end(text)
}

async function route(context: ServerContext, incoming: IncomingMessage): Promise<Result> {
  const url = new URL(incoming.url ?? '/', 'https://local')
  if (url.pathname === '/ping') return { status: 200, body: 'pong' }
  if (url.pathname === '/cacerts')
    return { status: 200, body: readText(path.join(context.dirs.tls, 'server-ca.crt')) ?? '' }
  const user = await authenticate(context, incoming)
  if (user === undefined) throw unauthorized
  const text = await readBody(incoming)
  const body: unknown = text === '' ? undefined : JSON.parse(text)
  if (/^\/(readyz|livez|healthz)/.test(url.pathname)) return health(context, url.pathname)
  if (url.pathname === '/version') return { status: 200, body: versionInfo() }
  if (url.pathname.startsWith('/v1-k3s/') || url.pathname === '/db/info')
    return { status: 200, body: await supervise(context, user, url, body) }
  if (!mayUseApi(user))
    throw forbidden(`User "${user.name}" cannot ${incoming.method} path "${url.pathname}"`)
  return rest(context.store, incoming.method ?? 'GET', url, body)
}

function mayUseApi(user: User): boolean {
  return user.groups.includes('system:masters') || user.groups.includes('system:nodes')
}

async function health(context: ServerContext, path: string): Promise<Result> {
  if (!path.startsWith('/livez') && !context.ready)
    return { status: 500, body: '[-]poststarthook failed: reason withheld\nreadyz check failed' }
  try {
    await context.store.read()
    return { status: 200, body: 'ok' }
  } catch {
    return { status: 500, body: `[+]ping ok\n[-]etcd failed: reason withheld\n${path.slice(1)} check failed` }
  }
}

function versionInfo(): unknown {
  const [major, minor] = versionNumbers(version)
  return {
    major: String(major),
    minor: String(minor),
    gitVersion: version,
    platform: 'linux/amd64',
    goVersion: 'go1.24.9',
  }
}
