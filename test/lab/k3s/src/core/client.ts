import https from 'node:https'
import { type Reply, request } from './http.js'

/** An answer that was not 2xx; the message has k3s's form `<url>: 401 Unauthorized`. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

const statusText: Record<number, string> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** How a client proves who it is. */
export interface Credentials {
  ca: string | null
  authorization?: string
  cert?: string
  key?: string
}

/** A client of one server's (or load balancer's) port 6443. */
export interface Client {
  call<T>(method: string, path: string, body?: unknown, timeoutMs?: number): Promise<T>
  text(path: string): Promise<string>
  stop(): void
}

/** The message of a Kubernetes Status body, or the bare text. */
export function messageOf(reply: Reply): string {
  try {
    return String((JSON.parse(reply.text) as { message?: string }).message ?? reply.text)
  } catch {
    return reply.text
  }
}

export function client(base: string, credentials: Credentials): Client {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 4, maxCachedSessions: 0 })
  const { ca, cert, key, authorization } = credentials
  const send = async (method: string, path: string, body: unknown, timeoutMs = 10_000): Promise<string> => {
    const reply = await request(base + path, {
      method,
      body,
      ca,
      agent,
      timeoutMs,
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      ...(authorization === undefined ? {} : { headers: { authorization } }),
    })
    if (reply.status >= 200 && reply.status < 300) return reply.text
    const detail = reply.status === 403 || reply.status >= 500 ? ` ${messageOf(reply)}` : ''
    throw new HttpError(
      reply.status,
      `${base}${path}: ${reply.status} ${statusText[reply.status] ?? ''}${detail}`.trim(),
    )
  }
  return {
    call: async <T>(method: string, path: string, body?: unknown, timeoutMs?: number) =>
      JSON.parse(await send(method, path, body, timeoutMs)) as T,
    text: (path) => send('GET', path, undefined),
    stop: () => agent.destroy(),
  }
}
