import type { Secret } from '../secrets/secret.js'

/** A value held NUL, which no argument, variable or file name on a POSIX host can carry. */
export class QuoteError extends Error {}

/**
 * The one function that makes a value a word of POSIX sh: single quotes around it, `'` as `'\''`. Bytes pass as they
 * are, whatever the host's locale.
 * @throws QuoteError on NUL
 */
export function quote(value: string | Buffer | Secret): Buffer {
  return Buffer.from(quoteLatin1(value), 'latin1')
}

/** The same as text of one character a byte: what is put together of many words is faster so. */
export function quoteLatin1(value: string | Buffer | Secret): string {
  const text = latin1(value)
  if (text.includes('\0')) throw new QuoteError('a value with a NUL byte cannot reach a shell')
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** The UTF-8 bytes of a text, or bytes as they are, one character each. */
export function latin1(value: string | Buffer | Secret): string {
  if (typeof value !== 'string')
    return Buffer.isBuffer(value) ? value.toString('latin1') : latin1(value.reveal())
  return /^[\0-\x7f]*$/.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1')
}
