import https from 'node:https'

/** What a request needs beside its address. `ca: null` accepts any server certificate. */
export interface RequestOptions {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  ca: string | null
  cert?: string
  key?: string
  agent?: https.Agent
  timeoutMs?: number
}

export interface Reply {
  status: number
  text: string
}

/** One HTTPS request. Host names are not checked, only the chain: addresses of lab hosts come and go. */
export function request(url: string, options: RequestOptions): Promise<Reply> {
  const body = options.body === undefined ? undefined : JSON.stringify(options.body)
  const timeoutMs = options.timeoutMs ?? 10_000
  return new Promise((resolve, reject) => {
    const call = https.request(url, {
      method: options.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...options.headers,
      },
      rejectUnauthorized: options.ca !== null,
      ...(options.ca === null ? {} : { ca: options.ca }),
      ...(options.cert === undefined ? {} : { cert: options.cert, key: options.key }),
      ...(options.agent === undefined ? { agent: false } : { agent: options.agent }),
      checkServerIdentity: () => undefined,
    })
    const timer = setTimeout(() => call.destroy(new Error(`context deadline exceeded: ${url}`)), timeoutMs)
    call.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        clearTimeout(timer)
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    call.end(body)
  })
}

/** The whole body of an incoming request, at most 8 MiB. */
export async function readBody(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    size += chunk.length
    if (size > 8 * 1024 * 1024) throw new Error('request body too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
