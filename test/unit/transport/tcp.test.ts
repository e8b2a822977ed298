import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it } from 'vitest'
import type { Settings } from '../../../runner/transport/settings.js'
import { openTcp } from '../../../runner/transport/tcp.js'

it('sends without waiting for what was sent to be acknowledged', async () => {
  const server = createServer((peer) => peer.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const socket = await openTcp({ address: '127.0.0.1', port } as Settings, 5000)
  // Node tells nobody what it has set: this is where it keeps it.
  const kept = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'kSetNoDelay')!
  expect(Reflect.get(socket, kept)).toBe(true)
  socket.destroy()
  server.close()
})
