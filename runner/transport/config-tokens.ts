import { createHash } from 'node:crypto'
import { hostname } from 'node:os'

/** What the %-tokens of ssh_config(5) stand for. */
export interface TokenSource {
  readonly home: string
  readonly login: string
  readonly address: string
  readonly alias: string
  readonly port: number
  readonly user: string
  readonly hostKeyAlias: string | undefined
  readonly jump: string
}

/** Replaces %-tokens; one that ssh does not know stays as it is. */
export function expandTokens(text: string, from: TokenSource): string {
  return text.replace(/%([%CdhijkLlnpru])/g, (_, token: string) => tokenValue(token, from))
}

function tokenValue(token: string, from: TokenSource): string {
  const local = hostname()
  const connection = `${local}${from.address}${from.port}${from.user}${from.jump}`
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    d: from.home,
    h: from.address,
    i: String(process.getuid?.() ?? 0),
    j: from.jump,
    k: from.hostKeyAlias ?? from.alias,
    L: local.split('.')[0]!,
    l: local,
    n: from.alias,
    p: String(from.port),
    r: from.user,
    u: from.login,
  }
  return token === 'C' ? createHash('sha1').update(connection).digest('hex') : values[token]!
}

/** A path of ssh_config: `~/` is the home, `${NAME}` the environment, then %-tokens. */
export function expandPath(path: string, from: TokenSource): string {
  const tilde = path === '~' || path.startsWith('~/') ? from.home + path.slice(1) : path
  return expandTokens(
    tilde.replace(/\$\{(\w+)\}/g, (_, name: string) => process.env[name] ?? ''),
    from,
  )
}
