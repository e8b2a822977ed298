import { createHash, X509Certificate } from 'node:crypto'
import { Fatal } from './log.js'

/** A join token taken apart. `caHash` is empty for the short form. */
export interface Token {
  caHash: string
  username: string
  password: string
  /** The whole `id.secret`, when it is a bootstrap token. */
  bootstrap?: string
}

const bootstrapForm = /^[a-z0-9]{6}\.[a-z0-9]{16}$/

/**
 * Parses a token as pkg/clientaccess/token.go does.
 * @throws Fatal with k3s's wording when it has no valid form.
 */
export function parseToken(text: string): Token {
  if (text === '') throw new Fatal('token must not be empty')
  let body = text
  let caHash = ''
  if (text.startsWith('K10')) {
    const rest = text.slice(3)
    const cut = rest.indexOf('::')
    if (cut >= 0) {
      caHash = rest.slice(0, cut)
      if (caHash !== '' && caHash.length !== 64) throw new Fatal('invalid token CA hash length')
      body = rest.slice(cut + 2)
    } else body = rest
  } else if (!bootstrapForm.test(text)) body = `:${text}`
  if (bootstrapForm.test(body)) return { caHash, username: '', password: '', bootstrap: body }
  const colon = body.indexOf(':')
  if (colon < 0 || colon === body.length - 1) throw new Fatal('invalid token format')
  return { caHash, username: body.slice(0, colon), password: body.slice(colon + 1) }
}

/** The certificates of a PEM file, in its order. */
export function certificatesOf(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => new X509Certificate(block))
}

/**
 * The hash that a secure token carries: of the PEM file as it is for a single self-signed certificate, of the
 * root's DER for a bundle.
 */
export function hashCa(pem: string): string {
  const certificates = certificatesOf(pem)
  if (certificates.length <= 1) return createHash('sha256').update(pem).digest('hex')
  const root = certificates.find((certificate) => certificate.subject === certificate.issuer)
  return createHash('sha256')
    .update(root === undefined ? pem : root.raw)
    .digest('hex')
}

/** The secure form of a token. */
export function formatToken(caPem: string, username: string, password: string): string {
  return `K10${hashCa(caPem)}::${username}:${password}`
}

/** @throws Fatal when the token names another CA than the one the server showed. */
export function checkCaHash(token: Token, caPem: string): void {
  const actual = hashCa(caPem)
  if (token.caHash !== '' && token.caHash !== actual)
    throw new Fatal(
      `token CA hash does not match the Cluster CA certificate hash: ${token.caHash} != ${actual}`,
    )
}

/** The value of an Authorization header for the token, as `node` or `server`. */
export function authorization(token: Token, user: 'node' | 'server'): string {
  if (token.bootstrap !== undefined) return `Bearer ${token.bootstrap}`
  return `Basic ${Buffer.from(`${user}:${token.password}`).toString('base64')}`
}
