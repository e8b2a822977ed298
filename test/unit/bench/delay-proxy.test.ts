import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type DelayProxy, measureRoundTrip, startDelayProxy } from '../../../scripts/bench/delay-proxy.js'

let server: Server
let proxy: DelayProxy

async function through(delayMs: number, onConnection: (socket: Socket) => void): Promise<Socket> {
  server = createServer({ allowHalfOpen: true }, onConnection).listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy = await startDelayProxy({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, delayMs)
  return connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true })
}

afterEach(async () => {
  await proxy.close()
  server.close()
})

describe('the delaying proxy', () => {
  it('gives back every byte in order, and the end after the last of them', async () => {
    const socket = await through(5, (peer) => peer.pipe(peer))
    const sent = Array.from({ length: 500 }, (_, index) => `${index},`).join('')
    for (const part of sent.match(/.{1,37}/g)!) socket.write(part)
    socket.end()
    let received = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text
    })
    await once(socket, 'end')
    expect(received).toBe(sent)
  })

  it('delays each way, and what is sent at once is under way at once', async () => {
    let arrived = 0
    const socket = await through(40, (peer) => {
      peer.on('data', ({ length }) => {
        arrived += length
      })
      peer.pipe(peer)
    })
    await once(socket, 'connect')
    const started = performance.now()
    for (let i = 0; i < 10; i++) socket.write('x')
    await once(socket, 'data')
    expect(performance.now() - started).toBeGreaterThanOrEqual(78)
    // One after another, the second would be sent when the first had come back.
    expect(arrived).toBe(10)
    socket.destroy()
  })

  it('ends what it holds open when it is closed', async () => {
    const socket = await through(1, (peer) => peer.write('hello'))
    await once(socket, 'data')
    const ended = once(socket.resume(), 'end')
    await proxy.close()
    await ended
  })

  it('knows its own round trip', async () => {
    await through(1, () => {})
    expect(await measureRoundTrip(20)).toBeGreaterThanOrEqual(39)
  })
})
