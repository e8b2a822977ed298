import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { mpint, sshString } from './wire.js'

/** PKCS#8, which `openssl genpkey` and `ssh-keygen -m PKCS8` write and ssh2 does not read. */
export function isPkcs8(data: Buffer): boolean {
  return /^-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/m.test(data.subarray(0, 4096).toString('latin1'))
}

/** @returns undefined when it is no such key or the passphrase is wrong */
export function openPkcs8(data: Buffer, passphrase?: string): KeyObject | undefined {
  try {
    return createPrivateKey({ key: data, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch {
    return undefined
  }
}

const curves: Readonly<Record<string, string>> = {
  'P-256': 'nistp256',
  'P-384': 'nistp384',
  'P-521': 'nistp521',
}

/**
 * The public half as SSH sends it (RFC 4253 6.6, RFC 5656 3.1, RFC 8709 4).
 * @returns undefined for a type of key that SSH does not have
 */
export function publicBlobOf(key: KeyObject): Buffer | undefined {
  const { kty, crv = '', n = '', e = '', x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64url')
  if (kty === 'RSA') return Buffer.concat([sshString('ssh-rsa'), mpint(bytes(e)), mpint(bytes(n))])
  if (kty === 'OKP' && crv === 'Ed25519')
    return Buffer.concat([sshString('ssh-ed25519'), sshString(bytes(x))])
  const curve = kty === 'EC' ? curves[crv] : undefined
  if (curve === undefined) return undefined
  const point = Buffer.concat([Buffer.of(4), bytes(x), bytes(y)])
  return Buffer.concat([sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(point)])
}
