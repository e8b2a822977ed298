import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP proxy on the loopback that holds back whatever passes: a network as far away as one likes. */
export interface DelayProxy {
  readonly port: number
  /**
   * How often the near side said something after it had heard something: the round trips of whoever waits for an answer
   * before it asks again, whatever the machine's load. What answers a question that is still being asked counts, too.
   */
  trips(): number
  close(): Promise<void>
}

/**
 * Both ways each byte arrives `delayMs` later, in order, with no bound on what is under way. TCP's own handshake is not
 * delayed: to the first round trips of a connection one would have to be added.
 */
export async function startDelayProxy(
  target: { readonly host: string; readonly port: number },
  delayMs: number,
): Promise<DelayProxy> {
  const open = new Set<Socket>()
  let trips = 0
  let heard = true
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true })
    near.on('data', () => {
      if (heard) trips++
      heard = false
    })
    relay(near, far, delayMs, open, () => {})
    relay(far, near, delayMs, open, () => {
      heard = true
    })
  })
  const port = await listen(server)
  return {
    port,
    trips: () => trips,
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Timers of one length run in the order in which they were set: so the bytes stay in theirs. */
function relay(from: Socket, to: Socket, delayMs: number, open: Set<Socket>, passed: () => void): void {
  open.add(from)
  const later = (work: () => void): void => {
    setTimeout(work, delayMs)
  }
  from.on('data', (chunk: Buffer) =>
    later(() => {
      if (to.writable) to.write(chunk)
      passed()
    }),
  )
  from.on('end', () => later(() => to.end()))
  from.on('error', () => to.destroy())
  from.on('close', () => open.delete(from))
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return address.port
}

/** How long a byte takes there and back through such a proxy, in ms: timers are late, so it is more than twice the delay. */
export async function measureRoundTrip(delayMs: number): Promise<number> {
  const echo = createServer({ noDelay: true }, (socket) => socket.pipe(socket))
  const proxy = await startDelayProxy({ host: '127.0.0.1', port: await listen(echo) }, delayMs)
  const socket = connect({ host: '127.0.0.1', port: proxy.port, noDelay: true })
  const times: number[] = []
  for (let i = 0; i < 20; i++) {
    const sent = performance.now()
    socket.write('.')
    await once(socket, 'data')
    times.push(performance.now() - sent)
  }
  socket.destroy()
  await proxy.close()
  echo.close()
  return times.sort((a, b) => a - b)[times.length / 2]!
}
