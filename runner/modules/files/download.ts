import { Secret } from '../../secrets/secret.js'
import { bool, reveal } from '../schema.js'
import { joinWords } from '../words.js'
import type { Checksum } from './checksum.js'

/** What the host fetches itself. */
export interface Download {
  readonly url: string
  /** Hex, or '' where it is not known. */
  readonly sha256: string
  /** Its sum by another algorithm, which vouches for it instead. */
  readonly sum?: Checksum | undefined
  /** In seconds, to connect and between two bytes. */
  readonly timeout: number
  readonly headers: Readonly<Record<string, string | Secret>>
  /** `name:password`, sent with the first request. */
  readonly user?: string | Secret | undefined
  /** Default true. */
  readonly validateCerts?: boolean
  /** A file of certificates to trust, instead of the system's. */
  readonly caPath?: string | undefined
  /** Default true. */
  readonly useProxy?: boolean
}

/** The argument of all that fetch from the web. */
export const useProxy = bool
  .default(true)
  .describe('The host’s own proxy: of the task’s `environment`, or else of /etc/environment.')

/** The variables that `webOptions` sets. */
export const webVars = ['curl_config', 'wget_options', 'verify', 'use_proxy'] as const

/**
 * For `web_get`: what curl reads from its standard input, so that no list of processes shows it, wget's words, and whether
 * the server must be the one it says: nothing else vouches for what it sends, or it is told what is not for everybody.
 */
export function webOptions({
  url,
  sha256,
  sum,
  headers,
  user,
  validateCerts = true,
  caPath,
  useProxy = true,
}: Omit<Download, 'timeout'>) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${reveal(value)}`)
  const secret = [...Object.values(headers), user].some((value) => value instanceof Secret)
  const hide = (text: string) => (secret ? new Secret(text) : text)
  const options: [string, string][] = [
    ...lines.map((line): [string, string] => ['header', line]),
    ...(user === undefined ? [] : [['user', reveal(user)] as [string, string]]),
    ...(caPath === undefined ? [] : [['cacert', caPath] as [string, string]]),
  ]
  const config = options.map(([key, value]) => `${key} = "${value.replace(/["\\]/g, '\\$&')}"\n`).join('')
  const words = [
    ...[...lines, ...basicAuth(user)].flatMap((line) => ['--header', line]),
    ...(caPath === undefined ? [] : [`--ca-certificate=${caPath}`]),
    ...(validateCerts ? [] : ['--no-check-certificate']),
  ]
  const vouched = (sha256 !== '' || sum !== undefined) && lines.length === 0 && user === undefined
  return {
    verify: validateCerts && url.startsWith('https:') && !vouched ? 'yes' : 'no',
    use_proxy: useProxy ? 'yes' : 'no',
    curl_config: hide(validateCerts ? config : `${config}insecure\n`),
    wget_options: hide(joinWords(words)),
  }
}

/** The header that says who asks; none without a user. */
export function basicAuth(user: string | Secret | undefined): string[] {
  return user === undefined ? [] : [`Authorization: Basic ${Buffer.from(reveal(user)).toString('base64')}`]
}
