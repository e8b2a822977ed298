import { ConnectError, type Connection, type Target, type Transport } from '../transport/transport.js'
import { createLimit } from './limits.js'

/** One connection per host and target, opened when first needed and kept for the run. */
export interface Connections {
  /** @throws ConnectError; the same one again for a host that could not be reached */
  to(target: Target): Promise<Connection>
  /** A new connection in place of one that was lost, or of one that could not be opened; the same for all who ask. */
  again(target: Target, lost: Connection | undefined): Promise<Connection>
  /** Close what is open to a host; the next use opens it anew. */
  closeHost(name: string): Promise<void>
  close(): Promise<void>
}

/** How many handshakes go on at once: each costs the controller some milliseconds of CPU. */
const handshakes = 32

export function createConnections(transport: Transport, abort: AbortSignal): Connections {
  const open = new Map<string, { name: string; connection: Promise<Connection> }>()
  const limit = createLimit(handshakes)
  const connect = (target: Target): Promise<Connection> => limit(() => transport.connect(target, abort))

  const close = async (connection: Promise<Connection>): Promise<void> => {
    const opened = await connection.catch((error: unknown) => {
      if (error instanceof ConnectError) return undefined
      throw error
    })
    await opened?.close()
  }

  return {
    to(target) {
      const key = keyOf(target)
      const found = open.get(key) ?? { name: target.name, connection: connect(target) }
      open.set(key, found)
      return found.connection
    },
    async again(target, lost) {
      const key = keyOf(target)
      const current = open.get(key)
      if (current && (await current.connection.catch(() => lost)) === lost) open.delete(key)
      return this.to(target)
    },
    async closeHost(name) {
      const mine = [...open].filter(([, entry]) => entry.name === name)
      for (const [key] of mine) open.delete(key)
      await Promise.all(mine.map(([, entry]) => close(entry.connection)))
    },
    async close() {
      const all = [...open.values()]
      open.clear()
      await Promise.all(all.map((entry) => close(entry.connection)))
    },
  }
}

function keyOf(target: Target): string {
  return JSON.stringify([target.connection, target.user, target.address, target.port, target.name])
}
