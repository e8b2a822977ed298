import { markerByte } from './frame.js'

/**
 * A place in a session's output: script `sequence` begins (`value` is its pid) or has ended (its exit code). Before the
 * first of those that change something, that the shell could not take the run's lock (`value` says why).
 */
export interface Marker {
  readonly sequence: number
  readonly kind: 'b' | 'e' | 'u'
  readonly value: number
}

/** What a demultiplexed stream consists of. */
export interface MarkerSink {
  data(bytes: Buffer): void
  marker(marker: Marker): void
}

const markerRule = /^(\d{1,15}):([beu]):(\d{1,10})$/
const longestTail = 32

/** Feeds chunks of one stream of a session; finds markers however they are split; keeps less than 70 bytes. */
export function markerReader(nonce: string, sink: MarkerSink): (chunk: Buffer) => void {
  const start = Buffer.from(`${markerByte}${nonce}:`)
  let carry = Buffer.alloc(0)
  return (chunk) => {
    let rest = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk
    carry = Buffer.alloc(0)
    while (rest.length > 0) {
      const at = rest.indexOf(start)
      if (at < 0) {
        const kept = partialStart(rest, start)
        if (rest.length > kept) sink.data(rest.subarray(0, rest.length - kept))
        carry = Buffer.from(rest.subarray(rest.length - kept))
        return
      }
      if (at > 0) sink.data(rest.subarray(0, at))
      const tail = rest.subarray(at + start.length, at + start.length + longestTail)
      const newline = tail.indexOf(10)
      if (newline < 0 && tail.length < longestTail) {
        carry = Buffer.from(rest.subarray(at))
        return
      }
      const match = markerRule.exec(tail.subarray(0, Math.max(newline, 0)).toString('latin1'))
      if (match)
        sink.marker({ sequence: Number(match[1]), kind: match[2] as Marker['kind'], value: Number(match[3]) })
      else sink.data(rest.subarray(at, at + start.length))
      rest = rest.subarray(at + start.length + (match ? newline + 1 : 0))
    }
  }
}

/** How many of the last bytes may be the beginning of a marker. */
function partialStart(bytes: Buffer, start: Buffer): number {
  let at = bytes.indexOf(start[0]!, Math.max(0, bytes.length - start.length + 1))
  while (at >= 0) {
    if (bytes.compare(start, 0, bytes.length - at, at) === 0) return bytes.length - at
    at = bytes.indexOf(start[0]!, at + 1)
  }
  return 0
}
