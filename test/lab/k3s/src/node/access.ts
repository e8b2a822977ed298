import type { Config } from '../config/config.js'
import { type Client, client } from '../core/client.js'
import { readText } from '../core/files.js'
import { Fatal, log } from '../core/log.js'
import { authorization, checkCaHash, parseToken } from '../core/tokens.js'

/** The token of the configuration: `token`, or the content of `token-file`. */
export function configuredToken(config: Config, name: 'token' | 'agent-token' = 'token'): string | undefined {
  const file = config.str(`${name}-file`)
  const direct = config.str(name) ?? (name === 'token' ? config.str('cluster-secret') : undefined)
  if (direct !== undefined || file === undefined) return direct
  const text = readText(file)
  if (text === undefined) throw new Fatal(`open ${file}: no such file or directory`)
  return text.trim()
}

/** `https://host:port` of the `server` setting. @throws Fatal when it is no https URL */
export function serverUrl(text: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new Fatal(`Invalid server url, failed to parse: ${text}`)
  }
  if (url.protocol !== 'https:') throw new Fatal(`only https:// URLs are supported, invalid scheme: ${text}`)
  return url
}

/** `host:port`; 443 when the URL names none, as everywhere. */
export function hostPort(url: URL): string {
  return `${url.hostname}:${url.port === '' ? 443 : url.port}`
}

/**
 * Fetches the cluster's CA, compares it with the token's hash, and only then makes a client that sends
 * credentials. @throws Fatal when the hash differs
 */
export async function connect(
  base: string,
  token: string,
  user: 'node' | 'server',
): Promise<{ client: Client; ca: string }> {
  const parsed = parseToken(token)
  const anonymous = client(base, { ca: null })
  const ca = await anonymous.text('/cacerts').finally(() => anonymous.stop())
  checkCaHash(parsed, ca)
  if (parsed.caHash === '')
    log(
      'warning',
      "Cluster CA certificate is not trusted by the host CA bundle, but the token does not include a CA hash. Use the full token from the server's node-token file to enable Cluster CA validation.",
    )
  return { client: client(base, { ca, authorization: authorization(parsed, user) }), ca }
}
