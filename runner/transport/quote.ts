import { Secret } from '../secrets/secret.js'

/** A value held NUL, which no argument, variable or file name on a POSIX host can carry. */
export class QuoteError extends Error {}

/**
 * The one function that makes a value a word of POSIX sh: single quotes around it, `'` as `'\''`. Bytes pass as they
 * are, whatever the host's locale.
 * @throws QuoteError on NUL
 */
export function quote(value: string | Buffer | Secret): Buffer {
  const bytes = toBuffer(value)
  if (bytes.includes(0)) throw new QuoteError('a value with a NUL byte cannot reach a shell')
  const text = bytes.toString('latin1').replaceAll("'", "'\\''")
  return Buffer.from(`'${text}'`, 'latin1')
}

function toBuffer(value: string | Buffer | Secret): Buffer {
  if (value instanceof Secret) return Buffer.from(value.reveal(), 'utf8')
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value
}
