import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isPkcs8, openPkcs8, publicBlobOf } from './pkcs8.js'
import { mpint, sshString, wireReader } from './wire.js'

/** A key as ssh2 parses it. */
export interface ParsedKey {
  isPrivateKey(): boolean
  getPublicSSH(): Buffer
  getPrivatePEM(): string
}

/** ssh2's parser; only ssh*.ts imports that module. */
export type ParseKey = (data: Buffer, passphrase?: string) => ParsedKey | ParsedKey[] | Error

/** What a key file is: a private key, an encrypted one (its public half where it can be known), or a public key. */
export type KeyFile =
  | { readonly kind: 'private'; readonly blob: Buffer; readonly key: KeyObject }
  | { readonly kind: 'encrypted'; readonly blob: Buffer | undefined; readonly data: Buffer }
  | { readonly kind: 'public'; readonly blob: Buffer }
  | { readonly kind: 'bad'; readonly problem: string }

/** Reads a key file. Never throws: what is wrong is a problem to name when nothing else helps. */
export async function readKeyFile(file: string, parseKey: ParseKey): Promise<KeyFile> {
  let data: Buffer
  try {
    data = await readFile(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const missing = code === 'ENOENT' || code === 'ENOTDIR'
    return {
      kind: 'bad',
      problem: missing ? `there is no key file ${file}` : `the key file ${file} cannot be read (${code})`,
    }
  }
  const published = publicBlob(data)
  if (published) return { kind: 'public', blob: published }
  if (isPkcs8(data)) return readPkcs8(file, data)
  const parsed = first(parseKey(data))
  if (parsed instanceof Error && /passphrase|encrypted/i.test(parsed.message))
    return { kind: 'encrypted', blob: openSshBlob(data) ?? (await readPublicBlob(`${file}.pub`)), data }
  if (!parsed || parsed instanceof Error || !parsed.isPrivateKey()) return noKey(file)
  return { kind: 'private', blob: parsed.getPublicSSH(), key: createPrivateKey(parsed.getPrivatePEM()) }
}

/** @returns undefined when the passphrase is wrong */
export function decryptKey(data: Buffer, passphrase: string, parseKey: ParseKey): KeyObject | undefined {
  if (isPkcs8(data)) return openPkcs8(data, passphrase)
  const parsed = first(parseKey(data, passphrase))
  return !parsed || parsed instanceof Error ? undefined : createPrivateKey(parsed.getPrivatePEM())
}

async function readPkcs8(file: string, data: Buffer): Promise<KeyFile> {
  if (data.includes('ENCRYPTED'))
    return { kind: 'encrypted', blob: await readPublicBlob(`${file}.pub`), data }
  const key = openPkcs8(data)
  const blob = key && publicBlobOf(key)
  return blob ? { kind: 'private', blob, key } : noKey(file)
}

function noKey(file: string): KeyFile {
  return { kind: 'bad', problem: `the key file ${file} is not a private key that can be read` }
}

/** The blob of a `.pub` file, a certificate's too; undefined where there is none. */
export async function readPublicBlob(file: string): Promise<Buffer | undefined> {
  const data = await readFile(file).catch(() => undefined)
  return data && publicBlob(data)
}

function first(parsed: ReturnType<ParseKey>): ParsedKey | Error | undefined {
  return Array.isArray(parsed) ? parsed[0] : parsed
}

/** The key of a line `type base64 comment`; undefined for anything else. */
export function publicBlob(data: Buffer): Buffer | undefined {
  const [type = '', base64 = ''] = data
    .subarray(0, 64 * 1024)
    .toString('latin1')
    .trim()
    .split(/\s+/)
  if (!/^(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+$/.test(type)) return undefined
  const blob = Buffer.from(base64, 'base64')
  return blob.length > 4 + type.length && blob.toString('latin1', 4, 4 + type.length) === type
    ? blob
    : undefined
}

/** OpenSSH's format keeps the public half in the clear (PROTOCOL.key). */
function openSshBlob(data: Buffer): Buffer | undefined {
  const [, base64] =
    /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END/.exec(data.toString('latin1')) ?? []
  if (base64 === undefined) return undefined
  const bytes = Buffer.from(base64, 'base64')
  const magic = 'openssh-key-v1\0'
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined
  try {
    const reader = wireReader(bytes, magic.length)
    for (let skipped = 0; skipped < 3; skipped++) reader.string()
    reader.number()
    return Buffer.from(reader.string())
  } catch {
    return undefined
  }
}

/** A signature as SSH sends it: the algorithm, then the value in the form of RFC 4253, 5656, 8332 or 8709. */
export function signWith(key: KeyObject, data: Buffer, algorithm: string): Buffer {
  const { hash, curve } = hashes[algorithm] ?? {}
  if (!curve) return Buffer.concat([sshString(algorithm), sshString(sign(hash ?? null, data, key))])
  const raw = sign(hash, data, { key, dsaEncoding: 'ieee-p1363' })
  const half = raw.length / 2
  const value = Buffer.concat([mpint(raw.subarray(0, half)), mpint(raw.subarray(half))])
  return Buffer.concat([sshString(algorithm), sshString(value)])
}

const hashes: Readonly<Record<string, { hash: string; curve?: boolean }>> = {
  'ssh-rsa': { hash: 'sha1' },
  'rsa-sha2-256': { hash: 'sha256' },
  'rsa-sha2-512': { hash: 'sha512' },
  'ecdsa-sha2-nistp256': { hash: 'sha256', curve: true },
  'ecdsa-sha2-nistp384': { hash: 'sha384', curve: true },
  'ecdsa-sha2-nistp521': { hash: 'sha512', curve: true },
}
