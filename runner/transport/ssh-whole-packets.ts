import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'

/** What of ssh2's inside is reached into (see ssh-hooks.ts). */
interface Inside {
  readonly _protocol: { _cipher: Cipher }
}

interface Cipher {
  encrypt(packet: Buffer): void
}

/**
 * ssh2 writes a packet of AES-GCM in three pieces: its length, itself, its tag. Each would be a system call, a segment
 * that wakes the host's sshd, and behind a jump host a packet of its own. Here all that is sent in one go leaves
 * together, before anything else happens.
 * To be called right after `client.connect`, with the stream that it got.
 */
export function sendWholePackets(client: Client, stream: Duplex): void {
  const { _protocol: protocol } = client as unknown as Inside
  // The channel to a jump host takes one piece at a time only; sockets take many.
  stream._writev ??= (pieces, done) =>
    stream._write(Buffer.concat(pieces.map(({ chunk }) => chunk as Buffer)), 'buffer' as BufferEncoding, done)
  let corked = false
  const release = (): void => {
    corked = false
    stream.uncork()
  }
  let cipher = protocol._cipher
  // ssh2 puts another one there after every exchange of keys.
  Object.defineProperty(protocol, '_cipher', {
    get: () => cipher,
    set: (next: Cipher) => {
      const encrypt = next.encrypt.bind(next)
      next.encrypt = (packet) => {
        if (!corked) {
          corked = true
          stream.cork()
          process.nextTick(release)
        }
        encrypt(packet)
      }
      cipher = next
    },
  })
}
