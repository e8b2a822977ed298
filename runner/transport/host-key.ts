import { createHash, createHmac, randomBytes } from 'node:crypto'
import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs'
import { dirname } from 'node:path'
import type { KnownHost, KnownHostsCache } from './known-hosts.js'
import { authorities, type HostKeySettings, judge, knownKeys, knownTypes, lookedFor } from './known-keys.js'
import { ConnectError } from './transport.js'
import { typeOfKey } from './wire.js'

/** What known_hosts holds for one host, and the judgement of the key it presents. */
export interface HostKeyCheck {
  /** Key types that known_hosts holds for this host: to be asked for first, else a good host looks like a false one. */
  readonly knownTypes: readonly string[]
  /** An authority is trusted for this host: it is to be asked for a certificate. */
  readonly hasAuthority: boolean
  /** @returns undefined when the key may be trusted; under accept-new a new one was recorded then */
  verify(key: Buffer): ConnectError | undefined
}

/** @throws ConnectError when known_hosts cannot be read */
export async function hostKeyCheck(settings: HostKeySettings, cache: KnownHostsCache): Promise<HostKeyCheck> {
  if (settings.hostKeyPolicy === 'off')
    return { knownTypes: [], hasAuthority: false, verify: () => undefined }
  const known = await knownKeys(settings, cache)
  const host = settings.hostKeyAlias ?? settings.address.toLowerCase()
  return {
    knownTypes: knownTypes(known),
    hasAuthority: authorities(known).length > 0,
    verify: (shown) => {
      const verdict = judge(shown, known, host, Date.now())
      const { key, note } = verdict
      if (verdict.kind === 'known') return undefined
      if (verdict.kind === 'revoked') return revoked(settings, key, verdict.where)
      if (verdict.kind === 'changed') return changed(settings, key, verdict.entry, note)
      if (settings.hostKeyPolicy !== 'accept-new') return unknown(settings, key, note)
      return record(settings, key, cache)
    },
  }
}

/** `ssh-ed25519 SHA256:…`, as ssh and ssh-keygen print it. */
export function fingerprint(key: Buffer): string {
  return `${typeOfKey(key)} SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

function unknown(settings: HostKeySettings, key: Buffer, note?: string): ConnectError {
  const port = settings.port === 22 ? '' : `-p ${settings.port} `
  const file = settings.knownHostsFiles[0] ?? '~/.ssh/known_hosts'
  return new ConnectError(
    'host-key-unknown',
    `the host key of ${described(settings)} is not known: ${fingerprint(key)}${because(note)}`,
    `compare the fingerprint, then: ssh-keyscan ${port}${settings.address} >> ${file}; or run with --host-key-checking accept-new`,
  )
}

function because(note: string | undefined): string {
  return note === undefined ? '' : `; ${note}`
}

/** Known types are asked for first: so a host that shows another one does not have the key that is known. */
function changed(
  settings: HostKeySettings,
  key: Buffer,
  { file, line, key: known }: KnownHost,
  note?: string,
): ConnectError {
  return new ConnectError(
    'host-key-changed',
    `the host key of ${described(settings)} has changed: it shows ${fingerprint(key)}, ${file}:${line} holds ${fingerprint(known)}${because(note)}`,
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
function record(settings: HostKeySettings, key: Buffer, cache: KnownHostsCache): ConnectError | undefined {
  const name = lookedFor(settings)
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
