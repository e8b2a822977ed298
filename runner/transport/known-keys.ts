import { certificateProblem, isCertificate, parseCertificate } from './certificate.js'
import { type KnownHost, type KnownHostsCache, knownHostName, revokedKeys, standsFor } from './known-hosts.js'
import type { Settings } from './settings.js'
import { typeOfKey } from './wire.js'

/** What is looked at of a host. */
export type HostKeySettings = Pick<
  Settings,
  | 'name'
  | 'address'
  | 'port'
  | 'hostKeyAlias'
  | 'hostKeyPolicy'
  | 'knownHostsFiles'
  | 'globalKnownHostsFiles'
  | 'hashKnownHosts'
  | 'revokedHostKeys'
>

/** What known_hosts and RevokedHostKeys say of one host. */
export interface KnownKeys {
  /** Under its name; a port other than 22 is part of it. */
  readonly named: readonly KnownHost[]
  /** Under its name without the port: accepted for any port, as OpenSSH does. */
  readonly portless: readonly KnownHost[]
  readonly banned: { readonly file: string; readonly keys: readonly Buffer[] } | undefined
}

/** @throws ConnectError for a file that cannot be read */
export async function knownKeys(settings: HostKeySettings, cache: KnownHostsCache): Promise<KnownKeys> {
  const all = await cache.entries([...settings.knownHostsFiles, ...settings.globalKnownHostsFiles])
  const { revokedHostKeys: file } = settings
  const name = lookedFor(settings)
  const hasPort = settings.hostKeyAlias === undefined && name.startsWith('[')
  return {
    named: all.filter((entry) => standsFor(entry, name)),
    portless: hasPort ? all.filter((entry) => standsFor(entry, settings.address.toLowerCase())) : [],
    banned: file === undefined ? undefined : { file, keys: await revokedKeys(file) },
  }
}

/** The name to look for: HostKeyAlias as it stands, else the address with its port. */
export function lookedFor({ hostKeyAlias, address, port }: HostKeySettings): string {
  return hostKeyAlias ?? knownHostName(address, port)
}

const trusts = (entry: KnownHost): boolean => !entry.revoked && !entry.authority

/** The types of the keys that are trusted. */
export function knownTypes({ named, portless }: KnownKeys): string[] {
  const own = named.filter(trusts)
  return [...new Set((own.length > 0 ? own : portless.filter(trusts)).map(({ keyType }) => keyType))]
}

/** Whose certificates are trusted. */
export function authorities({ named, portless }: KnownKeys): KnownHost[] {
  return [...named, ...portless].filter((entry) => entry.authority)
}

export type Verdict =
  | { readonly kind: 'known' | 'new' }
  | { readonly kind: 'revoked'; readonly where: string }
  | { readonly kind: 'changed'; readonly entry: KnownHost }

/** A verdict on a key; `note` tells why a certificate did not help. */
export type Judged = Verdict & { readonly key: Buffer; readonly note?: string }

/**
 * Judges what a host shows, a key or a certificate. As with OpenSSH, a certificate that proves nothing leaves the key
 * in it, which may be known by itself. `now` in ms.
 */
export function judge(shown: Buffer, known: KnownKeys, host: string, now: number): Judged {
  const trusted = authorities(known)
  if (!isCertificate(shown)) {
    const [first] = trusted
    const note = first && `it shows no certificate of the authority in ${first.file}:${first.line}`
    return { ...judgeKey(shown, known), key: shown, ...(note === undefined ? {} : { note }) }
  }
  const certificate = parseCertificate(shown)
  if (!certificate) return { kind: 'new', key: shown, note: 'its certificate cannot be read' }
  const { key, authority } = certificate
  const where = revokedBy(authority, known)
  if (where !== undefined) return { kind: 'revoked', where, key: authority }
  const verdict = judgeKey(key, known)
  if (verdict.kind === 'revoked') return { ...verdict, key }
  const problem = trusted.some((entry) => entry.key.equals(authority))
    ? certificateProblem(certificate, host, now)
    : 'it is signed by an authority that is not known'
  if (problem === undefined) return { kind: 'known', key }
  return { ...verdict, key, note: `its certificate does not help: ${problem}` }
}

/**
 * A host of which only keys of other types are known counts as changed, also under accept-new: since known types are
 * asked for first, a host that still had such a key would have shown it.
 */
function judgeKey(key: Buffer, known: KnownKeys): Verdict {
  const where = revokedBy(key, known)
  if (where !== undefined) return { kind: 'revoked', where }
  const same = (entry: KnownHost): boolean => entry.key.equals(key)
  const own = known.named.filter(trusts)
  if (own.some(same)) return { kind: 'known' }
  const [other] = own
  if (other) return { kind: 'changed', entry: own.find(({ keyType }) => keyType === typeOfKey(key)) ?? other }
  return { kind: known.portless.filter(trusts).some(same) ? 'known' : 'new' }
}

/** Which file and line revokes a key. */
function revokedBy(key: Buffer, { named, portless, banned }: KnownKeys): string | undefined {
  if (banned?.keys.some((one) => one.equals(key))) return banned.file
  const entry = [...named, ...portless].find((one) => one.revoked && one.key.equals(key))
  return entry && `${entry.file}:${entry.line}`
}
