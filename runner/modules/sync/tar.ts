import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { ModuleFailure } from '../module.js'
import type { SyncEntry } from './source.js'

type SyncFile = Extract<SyncEntry, { kind: 'file' }>

const block = 512

/**
 * Files as one tar archive, named 0, 1, … in their order, with their modes and times. They are read when the archive is:
 * no more than a piece of one is held.
 * @returns its bytes, and their SHA-256 (hex) once all were read
 */
export function tarOf(files: readonly SyncFile[]): { stream: Readable; sha256(): string } {
  const hash = createHash('sha256')
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const [at, file] of files.entries()) {
      yield header(`${at}`, file)
      let size = 0
      for await (const chunk of file.stream()) {
        size += (chunk as Buffer).length
        if (size > file.size) break
        yield chunk as Buffer
      }
      if (size !== file.size) throw new ModuleFailure(`${file.path} was changed while it was read`)
      yield Buffer.alloc((block - (size % block)) % block)
    }
    yield Buffer.alloc(2 * block)
  }
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const chunk of bytes()) {
      hash.update(chunk)
      yield chunk
    }
  }
  return { stream: Readable.from(hashed(), { objectMode: false }), sha256: () => hash.digest('hex') }
}

/** A header in the format of POSIX (ustar). */
function header(name: string, { mode, size, mtime }: SyncFile): Buffer {
  const head = Buffer.alloc(block)
  const octal = (value: number, from: number, digits: number) =>
    head.write(`${value.toString(8).padStart(digits, '0')}\0`, from)
  head.write(name, 0)
  octal(Number.parseInt(mode, 8), 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  // What octal digits cannot tell is written in binary, as GNU's tar began to.
  if (size < 8 ** 11) octal(size, 124, 11)
  else {
    head[124] = 0x80
    head.writeBigUInt64BE(BigInt(size), 128)
  }
  octal(Math.max(0, mtime), 136, 11)
  head.write('        ', 148)
  head.write('0', 156)
  head.write('ustar\x0000', 257)
  octal(
    head.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  )
  return head
}
