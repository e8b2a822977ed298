/** `string` of RFC 4251: its length, then the bytes. */
export function sshString(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value as string, 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Reads the strings and numbers of an SSH message one after the other. */
export interface WireReader {
  /** @throws RangeError past the end */
  string(): Buffer
  number(): number
}

export function wireReader(bytes: Buffer, start = 0): WireReader {
  let at = start
  const number = (): number => {
    at += 4
    return bytes.readUInt32BE(at - 4)
  }
  return {
    number,
    string() {
      const length = number()
      if (at + length > bytes.length) throw new RangeError('the message is cut short')
      at += length
      return bytes.subarray(at - length, at)
    },
  }
}
