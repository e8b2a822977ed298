import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { publicBlob } from './key-files.js'
import { matchesPattern } from './pattern.js'
import { ConnectError } from './transport.js'
import { typeOfKey } from './wire.js'

/** One line of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  readonly file: string
  readonly line: number
  readonly revoked: boolean
  /** The key signs host certificates: it says nothing of a host's plain key. */
  readonly authority: boolean
  /** Patterns, or one hashed name `|1|salt|hash`. */
  readonly names: readonly string[]
  readonly keyType: string
  readonly key: Buffer
}

/** The entries of a file. Comments, blank and broken lines match nothing, as with OpenSSH. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  return text.split('\n').flatMap((raw, index) => {
    const fields = raw.trim().split(/[ \t]+/)
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined
    const [names, keyType, key] = fields
    if (!names || names.startsWith('#') || !keyType || !key) return []
    if (marker !== undefined && marker !== '@revoked' && marker !== '@cert-authority') return []
    const bytes = Buffer.from(key, 'base64')
    if (typeOfKey(bytes) !== keyType) return []
    return {
      file,
      line: index + 1,
      revoked: marker === '@revoked',
      authority: marker === '@cert-authority',
      names: names.split(','),
      keyType,
      key: bytes,
    }
  })
}

/** The name that known_hosts has for a host: OpenSSH writes the port only where it is not 22. */
export function knownHostName(address: string, port: number): string {
  const host = address.toLowerCase()
  return port === 22 ? host : `[${host}]:${port}`
}

/** Whether a line stands for this name: one of its patterns matches and none that is negated does. */
export function standsFor(entry: KnownHost, name: string): boolean {
  const [first] = entry.names
  if (first?.startsWith('|1|')) return hashedMatch(first, name)
  let matched = false
  for (const pattern of entry.names) {
    const negated = pattern.startsWith('!')
    if (!matchesPattern((negated ? pattern.slice(1) : pattern).toLowerCase(), name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

function hashedMatch(hashed: string, name: string): boolean {
  const [, , salt, hash] = hashed.split('|')
  if (!salt || !hash) return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

/** Reads each known_hosts file once a run. */
export interface KnownHostsCache {
  /** @throws ConnectError 'host-key-unknown' when a file is there and cannot be read: nothing is trusted then */
  entries(files: readonly string[]): Promise<readonly KnownHost[]>
  /** Tell it of a line that was appended. */
  add(entry: KnownHost): Promise<void>
}

export function knownHostsCache(): KnownHostsCache {
  const files = new Map<string, Promise<KnownHost[]>>()
  const load = (file: string): Promise<KnownHost[]> => {
    const known = files.get(file) ?? readKnownHosts(file)
    files.set(file, known)
    return known
  }
  return {
    entries: async (paths) => (await Promise.all(paths.map(load))).flat(),
    add: async (entry) => void (await load(entry.file)).push(entry),
  }
}

async function readKnownHosts(file: string): Promise<KnownHost[]> {
  try {
    return parseKnownHosts(await readFile(file, 'utf8'), file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new ConnectError(
      'host-key-unknown',
      `${file} cannot be read (${code}), so no host key can be verified`,
      'make it readable for the user who runs tsplay',
    )
  }
}

/**
 * The public keys of RevokedHostKeys, one a line.
 * @throws ConnectError 'host-key-revoked' for a file that cannot be read, and for a binary revocation list: as with
 * OpenSSH no key is trusted then
 */
export async function revokedKeys(file: string): Promise<Buffer[]> {
  const data = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new ConnectError('host-key-revoked', `RevokedHostKeys ${file} cannot be read (${error.code})`)
  })
  if (data.toString('latin1', 0, 6) === 'SSHKRL')
    throw new ConnectError(
      'host-key-revoked',
      `RevokedHostKeys ${file} is a binary revocation list, which is not supported`,
      'give a file of public keys, one a line',
    )
  return data
    .toString('latin1')
    .split('\n')
    .flatMap((line) => publicBlob(Buffer.from(line, 'latin1')) ?? [])
}
