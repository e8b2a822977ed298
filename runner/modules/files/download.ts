import { Secret } from '../../secrets/secret.js'
import { reveal } from '../schema.js'
import { joinWords } from '../words.js'

/** What the host fetches itself. */
export interface Download {
  readonly url: string
  /** Hex, or '' where it is not known. */
  readonly sha256: string
  /** In seconds, to connect and between two bytes. */
  readonly timeout: number
  readonly headers: Readonly<Record<string, string | Secret>>
  /** `name:password`, sent with the first request. */
  readonly user?: string | Secret | undefined
  /** Default true. */
  readonly validateCerts?: boolean
  /** A file of certificates to trust, instead of the system's. */
  readonly caPath?: string | undefined
}

type Web = Pick<Download, 'headers' | 'user' | 'validateCerts' | 'caPath'>

/** What curl reads from its standard input, so that no list of processes shows it, and wget's words. */
export function webOptions({ headers, user, validateCerts = true, caPath }: Web) {
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
  return {
    curl_config: hide(validateCerts ? config : `${config}insecure\n`),
    wget_options: hide(joinWords(words)),
  }
}

/** The header that says who asks; none without a user. */
export function basicAuth(user: string | Secret | undefined): string[] {
  return user === undefined ? [] : [`Authorization: Basic ${Buffer.from(reveal(user)).toString('base64')}`]
}
