import { createHash } from 'node:crypto'
import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs'
import { dirname } from 'node:path'
import { type KnownHost, type KnownHostsCache, knownHostName, standsFor, typeOfKey } from './known-hosts.js'
import { ConnectError, type Target } from './transport.js'

/** What known_hosts holds for one host, and the judgement of the key it presents. */
export interface HostKeyCheck {
  /** Key types that known_hosts holds for this host: to be asked for first, else a good host looks like a false one. */
  readonly knownTypes: readonly string[]
  /** @returns undefined when the key may be trusted; under accept-new a new one was recorded then */
  verify(key: Buffer): ConnectError | undefined
}

/** @throws ConnectError when known_hosts cannot be read */
export async function hostKeyCheck(target: Target, cache: KnownHostsCache): Promise<HostKeyCheck> {
  if (target.hostKeyPolicy === 'off') return { knownTypes: [], verify: () => undefined }
  const all = await cache.entries(target.knownHostsFiles)
  const name = knownHostName(target.address, target.port)
  const named = all.filter((entry) => standsFor(entry, name))
  // A key that is known for the host without its port is accepted for any port, as OpenSSH does.
  const plain = name.startsWith('[')
    ? all.filter((entry) => standsFor(entry, target.address.toLowerCase()))
    : []
  const usable = named.some((entry) => !entry.revoked) ? named : [...named, ...plain]
  return {
    knownTypes: [...new Set(usable.filter((entry) => !entry.revoked).map((entry) => entry.keyType))],
    verify: (key) => {
      const verdict = judge(key, named, plain)
      if (verdict.kind === 'known') return undefined
      if (verdict.kind === 'revoked') return revoked(target, key, verdict.entry)
      if (verdict.kind === 'changed') return changed(target, key, verdict.entry)
      return target.hostKeyPolicy === 'accept-new' ? record(target, name, key, cache) : unknown(target, key)
    },
  }
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

function unknown(target: Target, key: Buffer): ConnectError {
  const port = target.port === 22 ? '' : `-p ${target.port} `
  const file = target.knownHostsFiles[0] ?? '~/.ssh/known_hosts'
  return new ConnectError(
    'host-key-unknown',
    `the host key of ${described(target)} is not known: ${fingerprint(key)}`,
    `compare the fingerprint, then: ssh-keyscan ${port}${target.address} >> ${file}; or run with --host-key-checking accept-new`,
  )
}

function changed(target: Target, key: Buffer, { file, line, key: known }: KnownHost): ConnectError {
  return new ConnectError(
    'host-key-changed',
    `the host key of ${described(target)} has changed: it shows ${fingerprint(key)}, ${file}:${line} holds ${fingerprint(known)}`,
    `someone may be listening in; if the host was reinstalled, remove ${file}:${line} and add the new key`,
  )
}

function revoked(target: Target, key: Buffer, { file, line }: KnownHost): ConnectError {
  return new ConnectError(
    'host-key-revoked',
    `the host key of ${described(target)} is revoked by ${file}:${line}: ${fingerprint(key)}`,
    'give the host a new key',
  )
}

function described({ name, address, port }: Target): string {
  const at = port === 22 ? address : `${address} port ${port}`
  return name === address && port === 22 ? name : `${name} (${at})`
}

/** accept-new: one write at the end of the first file. A key that cannot be recorded is not trusted. */
function record(target: Target, name: string, key: Buffer, cache: KnownHostsCache): ConnectError | undefined {
  const [file] = target.knownHostsFiles
  try {
    if (!file || file.startsWith('/etc/')) throw new Error('there is no known_hosts file of the user')
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const line = `${name} ${typeOfKey(key)} ${key.toString('base64')}\n`
    appendFileSync(file, endsInLine(file) ? line : `\n${line}`, { mode: 0o600 })
    void cache.add({
      file,
      line: 0,
      revoked: false,
      names: [name],
      keyType: typeOfKey(key),
      key: Buffer.from(key),
    })
    return undefined
  } catch (error) {
    return new ConnectError(
      'host-key-unknown',
      `the new host key of ${described(target)} cannot be recorded: ${(error as Error).message}`,
      'a key that is not recorded could not be recognised the next time',
    )
  }
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
