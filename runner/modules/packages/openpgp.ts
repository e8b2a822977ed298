import { createHash } from 'node:crypto'
import { ModuleFailure } from '../module.js'

/** A public key, as OpenPGP names it (RFC 4880, RFC 9580). */
export interface OpenPgpKey {
  /** Upper-case hex: 40 digits, or 64 of a newer kind of key. */
  readonly fingerprint: string
  /** Those of its subkeys. */
  readonly subkeys: readonly string[]
}

const block = /-----BEGIN PGP PUBLIC KEY BLOCK-----(.*?)-----END PGP PUBLIC KEY BLOCK-----/gs

/**
 * The keys in armored text, which may hold more than one block.
 * @throws ModuleFailure for text without a whole key
 */
export function readKeys(text: string, where: string): OpenPgpKey[] {
  const keys = [...text.matchAll(block)].flatMap(([, armored = '']) => keysOf(dearmor(armored), where))
  if (keys.length === 0)
    throw new ModuleFailure(`${where} holds no armored OpenPGP key`, {}, 'gpg --armor --export makes one')
  return keys
}

/** Without the headers before the empty line and the checksum at the end. */
function dearmor(armored: string): Buffer {
  const lines = armored.split(/\r?\n/).map((line) => line.trim())
  const start = lines.indexOf('', 1)
  const body = lines.slice(Math.max(start, 0)).filter((line) => !line.startsWith('='))
  return Buffer.from(body.join(''), 'base64')
}

const publicKey = 6
const publicSubkey = 14

function keysOf(bytes: Buffer, where: string): OpenPgpKey[] {
  const keys: { fingerprint: string; subkeys: string[] }[] = []
  for (const { tag, body } of packets(bytes, where)) {
    if (tag === publicKey) keys.push({ fingerprint: fingerprintOf(body), subkeys: [] })
    else if (tag === publicSubkey) keys.at(-1)?.subkeys.push(fingerprintOf(body))
  }
  return keys
}

/** Version 4: SHA-1 over a length in two bytes; 6: SHA-256 over one in four; each behind a byte of its own. */
function fingerprintOf(body: Buffer): string {
  if (body[0] === 4) {
    const head = Buffer.from([0x99, body.length >> 8, body.length & 0xff])
    return createHash('sha1').update(head).update(body).digest('hex').toUpperCase()
  }
  const head = Buffer.alloc(5)
  head[0] = body[0] === 5 ? 0x9a : 0x9b
  head.writeUInt32BE(body.length, 1)
  return createHash('sha256').update(head).update(body).digest('hex').toUpperCase()
}

function* packets(bytes: Buffer, where: string): Generator<{ tag: number; body: Buffer }> {
  let at = 0
  while (at < bytes.length) {
    const head = bytes[at]!
    const isNew = (head & 0x40) !== 0
    const { from, length } = isNew ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, head & 3)
    if ((head & 0x80) === 0 || !(from + length <= bytes.length))
      throw new ModuleFailure(`${where} holds an OpenPGP key that is not whole`)
    yield { tag: isNew ? head & 0x3f : (head >> 2) & 0xf, body: bytes.subarray(from, from + length) }
    at = from + length
  }
}

/** NaN where the bytes end before the length does. */
const number = (bytes: Buffer, at: number, size: number) =>
  at + size <= bytes.length ? bytes.readUIntBE(at, size) : Number.NaN

function newLength(bytes: Buffer, at: number): { from: number; length: number } {
  const first = number(bytes, at, 1)
  if (first < 192) return { from: at + 1, length: first }
  if (first < 224) return { from: at + 2, length: ((first - 192) << 8) + number(bytes, at + 1, 1) + 192 }
  return { from: at + 5, length: first === 255 ? number(bytes, at + 1, 4) : Number.NaN }
}

function oldLength(bytes: Buffer, at: number, kind: number): { from: number; length: number } {
  if (kind === 3) return { from: at, length: bytes.length - at }
  const size = [1, 2, 4][kind]!
  return { from: at + size, length: number(bytes, at, size) }
}
