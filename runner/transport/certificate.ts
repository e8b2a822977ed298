import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { matchesPattern } from './pattern.js'
import { sshString, typeOfKey, type WireReader, wireReader } from './wire.js'

/** A certificate of OpenSSH (its PROTOCOL.certkeys): a key, whom it stands for, and the authority that says so. */
export interface Certificate {
  /** The key without the certificate, as known_hosts has it. */
  readonly key: Buffer
  readonly ofHost: boolean
  /** Names or patterns; none stands for every host. */
  readonly principals: readonly string[]
  /** Seconds since 1970. */
  readonly validAfter: number
  readonly validBefore: number
  /** Options that change what it means: of a host there are none that are known. */
  readonly criticalOptions: Buffer
  readonly authority: Buffer
  readonly signed: Buffer
  readonly signature: Buffer
}

const suffix = '-cert-v01@openssh.com'

/** Whether a type, or the type of a blob, is that of a certificate. */
export function isCertificate(blob: Buffer | string): boolean {
  return (typeof blob === 'string' ? blob : typeOfKey(blob)).endsWith(suffix)
}

/** The type of the key that a certificate type is for; other types as they are. */
export function keyTypeOf(type: string): string {
  if (!isCertificate(type)) return type
  const base = type.slice(0, -suffix.length)
  return base.startsWith('sk-') ? `${base}@openssh.com` : base
}

/** The certificate's form of the algorithm of a plain key. */
export function certificateAlgorithm(algorithm: string): string {
  return `${algorithm}${suffix}`
}

/** How many fields a key of a type has. */
const fieldsOfKey: Readonly<Record<string, number>> = {
  'ssh-rsa': 2,
  'ssh-ed25519': 1,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
}

/** The key of a certificate's blob; any other blob, and one that cannot be read, as it is. */
export function plainKey(blob: Buffer): Buffer {
  return parseCertificate(blob)?.key ?? blob
}

/** @returns undefined for what is no certificate, or a broken one */
export function parseCertificate(blob: Buffer): Certificate | undefined {
  if (!isCertificate(blob)) return undefined
  try {
    const reader = wireReader(blob)
    const type = keyTypeOf(reader.string().toString('latin1'))
    reader.string() // a nonce
    const count = fieldsOfKey[type]
    if (count === undefined) return undefined
    const fields = Array.from({ length: count }, () => sshString(reader.string()))
    time(reader) // a serial number
    const kind = reader.number()
    reader.string() // an identity, for logs
    const names = wireReader(reader.string())
    const principals: string[] = []
    while (names.more()) principals.push(names.string().toString('utf8'))
    const [validAfter, validBefore] = [time(reader), time(reader)]
    const criticalOptions = reader.string()
    reader.string() // extensions
    reader.string() // reserved
    const authority = reader.string()
    const signature = reader.string()
    if (reader.more()) return undefined
    return {
      key: Buffer.concat([sshString(type), ...fields]),
      ofHost: kind === 2,
      principals,
      validAfter,
      validBefore,
      criticalOptions,
      authority,
      signature,
      signed: blob.subarray(0, blob.length - 4 - signature.length),
    }
  } catch {
    return undefined
  }
}

/** 64 bits; what is beyond 53 is for ever anyway. */
function time(reader: WireReader): number {
  return reader.number() * 2 ** 32 + reader.number()
}

/** Why a certificate does not prove that its key is this host's; undefined when it does. `now` in ms. */
export function certificateProblem(certificate: Certificate, host: string, now: number): string | undefined {
  const { principals, validAfter, validBefore, criticalOptions } = certificate
  const seconds = Math.floor(now / 1000)
  if (!certificate.ofHost) return 'it is the certificate of a user'
  if (!signedByAuthority(certificate)) return 'its signature is not that of its authority'
  if (seconds < validAfter) return `it is valid from ${new Date(validAfter * 1000).toISOString()} on`
  if (seconds >= validBefore) return `it expired on ${new Date(validBefore * 1000).toISOString()}`
  if (criticalOptions.length > 0) return 'it has options that are not known'
  if (principals.length > 0 && !principals.some((name) => matchesPattern(name.toLowerCase(), host)))
    return `it is for ${principals.join(', ')}, not for ${host}`
  return undefined
}

/** By which algorithms an authority may sign (CASignatureAlgorithms): SHA-1 is none of them. */
const signatures: Readonly<Record<string, { readonly key: string; readonly hash: string | null }>> = {
  'ssh-ed25519': { key: 'ssh-ed25519', hash: null },
  'ecdsa-sha2-nistp256': { key: 'ecdsa-sha2-nistp256', hash: 'sha256' },
  'ecdsa-sha2-nistp384': { key: 'ecdsa-sha2-nistp384', hash: 'sha384' },
  'ecdsa-sha2-nistp521': { key: 'ecdsa-sha2-nistp521', hash: 'sha512' },
  'rsa-sha2-256': { key: 'ssh-rsa', hash: 'sha256' },
  'rsa-sha2-512': { key: 'ssh-rsa', hash: 'sha512' },
}

function signedByAuthority({ authority, signature, signed }: Certificate): boolean {
  try {
    const reader = wireReader(signature)
    const { key, hash } = signatures[reader.string().toString('latin1')] ?? {}
    if (key === undefined || hash === undefined || key !== typeOfKey(authority)) return false
    const value = reader.string()
    const publicKey = publicKeyOf(authority)
    if (!key.startsWith('ecdsa-')) return verify(hash, signed, publicKey, value)
    const [width] = curves[key]!
    const halves = wireReader(value)
    const joined = Buffer.concat([fixed(halves.string(), width), fixed(halves.string(), width)])
    return verify(hash, signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, joined)
  } catch {
    return false
  }
}

const curves: Readonly<Record<string, readonly [width: number, name: string]>> = {
  'ecdsa-sha2-nistp256': [32, 'P-256'],
  'ecdsa-sha2-nistp384': [48, 'P-384'],
  'ecdsa-sha2-nistp521': [66, 'P-521'],
}

/** RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709. @throws Error for what is no such key */
function publicKeyOf(blob: Buffer): KeyObject {
  const reader = wireReader(blob)
  const type = reader.string().toString('latin1')
  const word = (bytes: Buffer): string => bytes.toString('base64url')
  const curve = curves[type]
  if (curve) {
    reader.string() // the curve's name again
    const [width, crv] = curve
    const point = reader.string()
    if (point[0] !== 4 || point.length !== 1 + 2 * width) throw new RangeError('not a plain point')
    const [x, y] = [word(point.subarray(1, 1 + width)), word(point.subarray(1 + width))]
    return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv, x, y } })
  }
  if (type === 'ssh-ed25519')
    return createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: word(reader.string()) } })
  const [e, n] = [reader.string(), reader.string()]
  return createPublicKey({ format: 'jwk', key: { kty: 'RSA', e: word(unsigned(e)), n: word(unsigned(n)) } })
}

/** A positive number without the zero that its first bit wanted. */
function unsigned(number: Buffer): Buffer {
  return number[0] === 0 ? number.subarray(1) : number
}

function fixed(number: Buffer, width: number): Buffer {
  const bytes = unsigned(number)
  return Buffer.concat([Buffer.alloc(width - bytes.length), bytes])
}
