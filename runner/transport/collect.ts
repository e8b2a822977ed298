import type { Output } from './transport.js'

/** Keeps at most `limit` bytes of a stream; the rest is counted as truncated and forgotten. */
export interface Collector {
  add(chunk: Buffer): void
  bytes(): Buffer
  readonly truncated: boolean
}

export function collector(limit: number): Collector {
  const chunks: Buffer[] = []
  let size = 0
  let truncated = false
  return {
    add(chunk) {
      const room = limit - size
      if (chunk.length > room) truncated = true
      // A copy, because a view would keep the whole network buffer alive.
      if (room > 0) chunks.push(Buffer.from(chunk.subarray(0, room)))
      size += Math.min(room, chunk.length)
    },
    bytes: () => Buffer.concat(chunks),
    get truncated() {
      return truncated
    },
  }
}

/** Two collectors as the output of a script. */
export function output(stdout: Collector, stderr: Collector): Output {
  return { stdout: stdout.bytes(), stderr: stderr.bytes(), truncated: stdout.truncated || stderr.truncated }
}
