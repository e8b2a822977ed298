import { createHash } from 'node:crypto'
import { quote as quoteBytes } from '../../transport/quote.js'
import { EvaluationError } from '../compiled.js'
import { text } from './argument.js'

export function b64encode(value: unknown): string {
  return Buffer.from(text('b64encode', value), 'utf8').toString('base64')
}

export function b64decode(value: unknown): string {
  const input = text('b64decode', value).replace(/\s/g, '')
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(input)) throw new EvaluationError('b64decode: this is no base64')
  return decodeUtf8(Buffer.from(input, 'base64'))
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new EvaluationError('b64decode: the bytes are not UTF-8 text')
  }
}

export function sha256(value: unknown): string {
  return createHash('sha256').update(text('sha256', value), 'utf8').digest('hex')
}

export function quote(value: unknown): string {
  const word = typeof value === 'number' ? String(value) : text('quote', value)
  if (word.includes('\0')) throw new EvaluationError('quote: no word of a shell can hold NUL')
  return quoteBytes(word).toString('utf8')
}

/** A hyphen is written as \x2d: that is legal with the flags u and v too, and means itself inside brackets. */
export function regexEscape(value: unknown): string {
  return text('regexEscape', value)
    .replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    .replaceAll('-', '\\x2d')
}
