/** Just enough DER to write an X.509 certificate, which node:crypto cannot. */

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size])
  const bytes: number[] = []
  for (let rest = size; rest > 0; rest >>= 8) bytes.unshift(rest & 0xff)
  return Buffer.from([0x80 | bytes.length, ...bytes])
}

/** One tagged value. */
export function tagged(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), length(body.length), body])
}

export const sequence = (...items: Buffer[]): Buffer => tagged(0x30, ...items)
export const set = (...items: Buffer[]): Buffer => tagged(0x31, ...items)
export const octets = (content: Buffer): Buffer => tagged(0x04, content)
export const bits = (content: Buffer): Buffer => tagged(0x03, Buffer.from([0]), content)
export const utf8 = (text: string): Buffer => tagged(0x0c, Buffer.from(text, 'utf8'))
export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]))

/** A positive INTEGER from its big-endian bytes. */
export function integer(bytes: Buffer): Buffer {
  const first = bytes[0] ?? 0
  return tagged(0x02, first >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const group = [part & 0x7f]
    for (let value = Math.floor(part / 128); value > 0; value = Math.floor(value / 128))
      group.unshift((value & 0x7f) | 0x80)
    bytes.push(...group)
  }
  return tagged(0x06, Buffer.from(bytes))
}

/** A GeneralizedTime, or UTCTime before 2050 as RFC 5280 wants it. */
export function time(date: Date): Buffer {
  const text = `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return date.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(text.slice(2)))
    : tagged(0x18, Buffer.from(text))
}

/** Reads the value at an offset: its first byte, its end and where its content begins. */
function read(buffer: Buffer, offset: number): { start: number; body: number; end: number } {
  const first = buffer[offset + 1] ?? 0
  if (first < 0x80) return { start: offset, body: offset + 2, end: offset + 2 + first }
  let size = 0
  for (let i = 0; i < (first & 0x7f); i += 1) size = size * 256 + (buffer[offset + 2 + i] ?? 0)
  const body = offset + 2 + (first & 0x7f)
  return { start: offset, body, end: body + size }
}

/** The DER of a certificate's subject name, to be repeated as the issuer of what it signs. */
export function subjectOf(certificate: Buffer): Buffer {
  const tbs = read(certificate, read(certificate, 0).body)
  let field = read(certificate, tbs.body)
  // version [0] is optional; then serial, algorithm, issuer, validity stand before the subject
  const skip = certificate[field.start] === 0xa0 ? 5 : 4
  for (let i = 0; i < skip; i += 1) field = read(certificate, field.end)
  return certificate.subarray(field.start, field.end)
}
