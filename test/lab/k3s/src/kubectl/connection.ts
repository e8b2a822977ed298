import fs from 'node:fs'
import { messageOf } from '../core/client.js'
import { hostPath } from '../core/files.js'
import { type Reply, request } from '../core/http.js'
import { CommandError, reason } from '../core/log.js'
import { type Args, flag } from './flags.js'
import { parseKubeconfig } from './kubeconfig.js'

/** A cluster as the kubeconfig tells of it. */
export interface Connection {
  server: string
  /** Runs one request; a failed one is a CommandError in kubectl's words. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>
  raw(method: string, path: string, body?: unknown): Promise<Reply>
}

function readConfig(args: Args): string | undefined {
  const explicit =
    flag(args, 'kubeconfig') ?? process.env.KUBECONFIG?.split(':').find((file) => fs.existsSync(file))
  const file = explicit ?? process.env.KUBECONFIG ?? hostPath('/etc/rancher/k3s/k3s.yaml')
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EACCES')
      throw new CommandError(`error: error loading config file "${file}": open ${file}: permission denied`)
    if (code === 'ENOENT' && explicit === undefined && process.env.KUBECONFIG === undefined) return undefined
    throw new CommandError(`error: stat ${file}: no such file or directory`)
  }
}

function material(entry: Record<string, string>, name: string): string | undefined {
  const data = entry[`${name}-data`]
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
  const file = entry[name]
  return file === undefined ? undefined : fs.readFileSync(file, 'utf8')
}

/** The cluster of the current context. Without any kubeconfig: kubectl's default, localhost:8080. */
export async function openConnection(args: Args): Promise<Connection> {
  const text = readConfig(args)
  if (text === undefined) throw refused('localhost:8080')
  const config = await parseKubeconfig(text)
  const contextName = flag(args, 'context') ?? config['current-context']
  const context = config.contexts?.find((item) => item.name === contextName)?.context as
    | Record<string, string>
    | undefined
  if (context === undefined) throw new CommandError(`error: context "${contextName}" does not exist`)
  const cluster = config.clusters?.find((item) => item.name === context.cluster)?.cluster as Record<
    string,
    string
  >
  const user = (config.users?.find((item) => item.name === context.user)?.user ?? {}) as Record<
    string,
    string
  >
  return connection(flag(args, 'server') ?? cluster.server ?? '', cluster, user)
}

function connection(
  server: string,
  cluster: Record<string, string>,
  user: Record<string, string>,
): Connection {
  const ca = material(cluster, 'certificate-authority') ?? null
  const [cert, key] = [material(user, 'client-certificate'), material(user, 'client-key')]
  const raw = async (method: string, path: string, body?: unknown): Promise<Reply> => {
    try {
      return await request(server + path, {
        method,
        body,
        ca,
        ...(cert === undefined || key === undefined ? {} : { cert, key }),
        ...(user.token === undefined ? {} : { headers: { authorization: `Bearer ${user.token}` } }),
        timeoutMs: 10_000,
      })
    } catch (error) {
      throw explain(error, new URL(server).host)
    }
  }
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const reply = await raw(method, path, body)
    if (reply.status >= 200 && reply.status < 300) return JSON.parse(reply.text) as T
    throw statusError(reply)
  }
  return { server, raw, call }
}

function refused(host: string): CommandError {
  return new CommandError(
    `The connection to the server ${host} was refused - did you specify the right host or port?`,
  )
}

function explain(error: unknown, host: string): CommandError {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ECONNREFUSED') return refused(host)
  if (/self-signed|unable to verify|certificate/.test(reason(error)))
    return new CommandError(
      'Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority',
    )
  return new CommandError(
    `Unable to connect to the server: ${code === undefined ? '' : `${code}: `}${reason(error)}`,
  )
}

/** An API error in kubectl's words: `Error from server (NotFound): …`. */
export class ServerError extends CommandError {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

export function statusError(reply: Reply): ServerError {
  if (reply.status === 401)
    return new ServerError(401, 'error: You must be logged in to the server (Unauthorized)')
  let kind = ''
  try {
    kind = (JSON.parse(reply.text) as { reason?: string }).reason ?? ''
  } catch {
    // a plain text answer has no reason
  }
  const label = kind === '' || kind === 'InternalError' ? 'Error from server' : `Error from server (${kind})`
  return new ServerError(reply.status, `${label}: ${messageOf(reply)}`)
}
