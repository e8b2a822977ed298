/** `string` of RFC 4251: its length, then the bytes. */
export function sshString(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string, 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** `mpint` of RFC 4251: a positive number, with a leading zero where the first bit would make it negative. */
export function mpint(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  return sshString(digits[0]! >= 128 ? Buffer.concat([Buffer.alloc(1), digits]) : digits)
}

/** Reads the strings and numbers of an SSH message one after the other. */
export interface WireReader {
  /** @throws RangeError past the end */
  string(): Buffer
  number(): number
  /** Whether anything is left. */
  more(): boolean
}

export function wireReader(bytes: Buffer, start = 0): WireReader {
  let at = start
  const number = (): number => {
    at += 4
    return bytes.readUInt32BE(at - 4)
  }
  return {
    number,
    more: () => at < bytes.length,
    string() {
      const length = number()
      if (at + length > bytes.length) throw new RangeError('the message is cut short')
      at += length
      return bytes.subarray(at - length, at)
    },
  }
}

/** The algorithm that a public key blob names, `''` when it is not one. */
export function typeOfKey(blob: Buffer): string {
  if (blob.length < 4) return ''
  const length = blob.readUInt32BE(0)
  return length > 64 || blob.length < 4 + length ? '' : blob.toString('latin1', 4, 4 + length)
}
