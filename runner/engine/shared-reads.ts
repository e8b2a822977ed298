import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'

/** Larger than a stream's default: an upload is half as fast again. */
const pieceBytes = 256 * 1024
/** How many pieces of a file are kept for those that are behind: 8 MiB. */
const mostPieces = 32

/** A file that is being read, by one or by many. */
interface SharedFile {
  readonly handle: Promise<FileHandle>
  readonly pieces: Map<number, Promise<Buffer>>
  readers: number
}

/**
 * Streams of files in which those who read the same file at about the same time share its pieces: an upload to a hundred
 * hosts reads the disk once, and holds one piece, not a hundred. Who falls far behind reads for itself.
 */
export function createSharedReads(): (path: string) => Readable {
  const files = new Map<string, SharedFile>()

  async function* piecesOf(path: string): AsyncGenerator<Buffer> {
    const file = files.get(path) ?? { handle: open(path), pieces: new Map(), readers: 0 }
    files.set(path, file)
    file.readers++
    try {
      for (let index = 0, last = pieceBytes; last === pieceBytes; index++) {
        const piece = await pieceAt(file, index)
        last = piece.length
        if (last > 0) yield piece
      }
    } finally {
      if (--file.readers === 0) {
        files.delete(path)
        await file.handle.then((handle) => handle.close()).catch(() => {})
      }
    }
  }

  return (path) => Readable.from(piecesOf(path), { objectMode: false, highWaterMark: pieceBytes })
}

function pieceAt({ handle, pieces }: SharedFile, index: number): Promise<Buffer> {
  const known = pieces.get(index)
  if (known) return known
  const piece = handle.then((file) => readPiece(file, index * pieceBytes))
  pieces.set(index, piece)
  const [oldest] = pieces.keys()
  if (pieces.size > mostPieces) pieces.delete(oldest!)
  return piece
}

/** As many bytes as there are; fewer than a whole piece at the end of the file only. */
async function readPiece(file: FileHandle, from: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(pieceBytes)
  let length = 0
  while (length < pieceBytes) {
    const { bytesRead } = await file.read(buffer, length, pieceBytes - length, from + length)
    if (bytesRead === 0) break
    length += bytesRead
  }
  return buffer.subarray(0, length)
}
