import { createHash, createHmac, randomBytes } from 'node:crypto'
import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type KnownHost,
  type KnownHostsCache,
  knownHostName,
  revokedKeys,
  standsFor,
  typeOfKey,
} from './known-hosts.js'
import type { Settings } from './settings.js'
import { ConnectError } from './transport.js'

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

/** What known_hosts holds for one host, and the judgement of the key it presents. */
export interface HostKeyCheck {
  /** Key types that known_hosts holds for this host: to be asked for first, else a good host looks like a false one. */
  readonly knownTypes: readonly string[]
  /** @returns undefined when the key may be trusted; under accept-new a new one was recorded then */
  verify(key: Buffer): ConnectError | undefined
}

/** @throws ConnectError when known_hosts cannot be read */
export async function hostKeyCheck(settings: HostKeySettings, cache: KnownHostsCache): Promise<HostKeyCheck> {
  if (settings.hostKeyPolicy === 'off') return { knownTypes: [], verify: () => undefined }
  const all = await cache.entries([...settings.knownHostsFiles, ...settings.globalKnownHostsFiles])
  const { revokedHostKeys: list } = settings
  const banned = list === undefined ? [] : await revokedKeys(list)
  const name = nameOf(settings)
  const found = all.filter((entry) => standsFor(entry, name))
  const named = found.filter((entry) => !entry.authority)
  // A key that is known for the host without its port is accepted for any port, as OpenSSH does.
  const plain =
    settings.hostKeyAlias === undefined && name.startsWith('[')
      ? all.filter((entry) => standsFor(entry, settings.address.toLowerCase()) && !entry.authority)
      : []
  const usable = named.some((entry) => !entry.revoked) ? named : [...named, ...plain]
  const authority = found.find((entry) => entry.authority)
  return {
    knownTypes: [...new Set(usable.filter((entry) => !entry.revoked).map((entry) => entry.keyType))],
    verify: (key) => {
      if (list !== undefined && banned.some((one) => one.equals(key))) return revoked(settings, key, list)
      const verdict = judge(key, named, plain)
      if (verdict.kind === 'known') return undefined
      if (verdict.kind === 'revoked')
        return revoked(settings, key, `${verdict.entry.file}:${verdict.entry.line}`)
      if (verdict.kind === 'changed') return changed(settings, key, verdict.entry)
      if (settings.hostKeyPolicy !== 'accept-new') return unknown(settings, key, authority)
      return record(settings, name, key, cache)
    },
  }
}

/** The name to look for: HostKeyAlias as it stands, else the address with its port. */
function nameOf({ hostKeyAlias, address, port }: HostKeySettings): string {
  return hostKeyAlias ?? knownHostName(address, port)
}

type Verdict =
  | { readonly kind: 'known' | 'new' }
  | { readonly kind: 'revoked' | 'changed'; readonly entry: KnownHost }

/**
 * A host of which only keys of other types are known counts as changed, also under accept-new: since known types are
 * asked for first, a host that still had such a key would have shown it.
 */
function judge(key: Buffer, named: readonly KnownHost[], plain: readonly KnownHost[]): Verdict {
  const same = (entry: KnownHost): boolean => entry.key.equals(key)
  const revocation = [...named, ...plain].find((entry) => entry.revoked && same(entry))
  if (revocation) return { kind: 'revoked', entry: revocation }
  const trusted = named.filter((entry) => !entry.revoked)
  if (trusted.some(same)) return { kind: 'known' }
  const [other] = trusted
  if (other)
    return { kind: 'changed', entry: trusted.find((entry) => entry.keyType === typeOfKey(key)) ?? other }
  return plain.some((entry) => !entry.revoked && same(entry)) ? { kind: 'known' } : { kind: 'new' }
}

/** `ssh-ed25519 SHA256:…`, as ssh and ssh-keygen print it. */
export function fingerprint(key: Buffer): string {
  return `${typeOfKey(key)} SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

function unknown(settings: HostKeySettings, key: Buffer, authority: KnownHost | undefined): ConnectError {
  const port = settings.port === 22 ? '' : `-p ${settings.port} `
  const file = settings.knownHostsFiles[0] ?? '~/.ssh/known_hosts'
  return new ConnectError(
    'host-key-unknown',
    `the host key of ${described(settings)} is not known: ${fingerprint(key)}`,
    authority
      ? `${authority.file}:${authority.line} trusts certificates of its authority, which are not supported here: add the host's key itself`
      : `compare the fingerprint, then: ssh-keyscan ${port}${settings.address} >> ${file}; or run with --host-key-checking accept-new`,
  )
}

/** Known types are asked for first: so a host that shows another one does not have the key that is known. */
function changed(
  settings: HostKeySettings,
  key: Buffer,
  { file, line, key: known }: KnownHost,
): ConnectError {
  return new ConnectError(
    'host-key-changed',
    `the host key of ${described(settings)} has changed: it shows ${fingerprint(key)}, ${file}:${line} holds ${fingerprint(known)}`,
    `someone may be listening in; if the host was reinstalled, remove ${file}:${line} and add the new key`,
  )
}

function revoked(settings: HostKeySettings, key: Buffer, where: string): ConnectError {
  return new ConnectError(
    'host-key-revoked',
    `the host key of ${described(settings)} is revoked by ${where}: ${fingerprint(key)}`,
    'give the host a new key',
  )
}

function described({ name, address, port }: HostKeySettings): string {
  const at = port === 22 ? address : `${address} port ${port}`
  return name === address && port === 22 ? name : `${name} (${at})`
}

/** accept-new: one write at the end of the first file. A key that cannot be recorded is not trusted. */
function record(
  settings: HostKeySettings,
  name: string,
  key: Buffer,
  cache: KnownHostsCache,
): ConnectError | undefined {
  const [file] = settings.knownHostsFiles
  try {
    if (!file || file.startsWith('/etc/')) throw new Error('there is no known_hosts file of the user')
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const written = settings.hashKnownHosts ? hashedName(name) : name
    const line = `${written} ${typeOfKey(key)} ${key.toString('base64')}\n`
    appendFileSync(file, endsInLine(file) ? line : `\n${line}`, { mode: 0o600 })
    void cache.add({
      file,
      line: 0,
      revoked: false,
      authority: false,
      names: [name],
      keyType: typeOfKey(key),
      key: Buffer.from(key),
    })
    return undefined
  } catch (error) {
    return new ConnectError(
      'host-key-unknown',
      `the new host key of ${described(settings)} cannot be recorded: ${(error as Error).message}`,
      'a key that is not recorded could not be recognised the next time',
    )
  }
}

/** HashKnownHosts: the name as `|1|salt|hash`. */
function hashedName(name: string): string {
  const salt = randomBytes(20)
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
}

/** Whether what is appended starts a line of its own. */
function endsInLine(file: string): boolean {
  const descriptor = openSync(file, 'a+', 0o600)
  try {
    const { size } = fstatSync(descriptor)
    const last = Buffer.alloc(1)
    if (size > 0) readSync(descriptor, last, 0, 1, size - 1)
    return size === 0 || last[0] === 10
  } finally {
    closeSync(descriptor)
  }
}
