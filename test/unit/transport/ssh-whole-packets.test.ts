import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createTransport } from '../../../runner/transport/index.js'
import { sendWholePackets } from '../../../runner/transport/ssh-whole-packets.js'
import { type TestServer, testServer } from './ssh-server.js'

describe('what is sent in one go leaves in one piece', () => {
  let server: TestServer | undefined
  afterEach(async () => {
    vi.restoreAllMocks()
    await server?.close()
  })

  it('over a socket', async () => {
    server = await testServer()
    const { port } = server.target
    const lengths: number[] = []
    const write = Socket.prototype._write
    vi.spyOn(Socket.prototype, '_write').mockImplementation(function (this: Socket, piece: Buffer, ...rest) {
      if (this.remotePort === port) lengths.push(piece.length)
      write.call(this, piece, ...rest)
    })
    const connection = await createTransport().connect(server.target)
    for (let count = 0; count < 10; count++) await connection.run({ body: `echo ${count}` })
    await connection.close()
    // The length of a packet takes 4 bytes.
    expect(lengths).not.toContain(4)
    expect(lengths).not.toEqual([])
  })

  it('over a channel, which takes one piece at a time, and after new keys', async () => {
    const written: string[] = []
    const stream = new Duplex({
      read: () => {},
      write: (piece, _, done) => {
        written.push(String(piece))
        done()
      },
    })
    const protocol = { _cipher: {} as { encrypt(packet: Buffer): void } }
    sendWholePackets({ _protocol: protocol } as unknown as Client, stream)
    for (const keys of ['old', 'new']) {
      protocol._cipher = {
        encrypt: (packet) => {
          for (const piece of [keys, packet, 'tag']) stream.write(piece)
        },
      }
      for (const packet of ['-one-', '-two-']) protocol._cipher.encrypt(Buffer.from(packet))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(written).toEqual(['old-one-tagold-two-tag', 'new-one-tagnew-two-tag'])
  })
})
