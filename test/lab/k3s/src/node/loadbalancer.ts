import net from 'node:net'
import path from 'node:path'
import { readText, writeIfChanged } from '../core/files.js'
import { log } from '../core/log.js'

/** The agent's local load balancer over all servers it knows. */
export interface LoadBalancer {
  port: number
  /** Takes over the list that a server sent, and keeps it on disk. */
  learn(addresses: string[]): void
  /** Cuts the connections and begins with another server: the present one does not answer. */
  rotate(): void
  stop(): void
}

function cacheFile(agentDir: string): string {
  return path.join(agentDir, 'etc', 'k3s-agent-load-balancer.json')
}

/** The servers known from earlier; empty when there are none. */
function cached(agentDir: string): string[] {
  try {
    return (
      (JSON.parse(readText(cacheFile(agentDir)) ?? '{}') as { ServerAddresses?: string[] }).ServerAddresses ??
      []
    )
  } catch {
    return []
  }
}

function dial(address: string): Promise<net.Socket> {
  const cut = address.lastIndexOf(':')
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(address.slice(cut + 1)), address.slice(0, cut))
    socket.setTimeout(1500, () => socket.destroy(new Error('i/o timeout')))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

/** Starts listening on 127.0.0.1. `first` is the address to join, `host:port`. */
export async function startLoadBalancer(
  first: string,
  agentDir: string,
  port: number,
): Promise<LoadBalancer> {
  let order = [...new Set([first, ...cached(agentDir)])]
  const open = new Set<net.Socket>()
  const pick = async (): Promise<net.Socket | undefined> => {
    for (let i = 0; i < order.length; i += 1) {
      const address = order[0] ?? ''
      try {
        return await dial(address)
      } catch {
        order = [...order.slice(1), address]
      }
    }
    return undefined
  }
  const server = net.createServer((client) => {
    client.on('error', () => client.destroy())
    open.add(client)
    client.on('close', () => open.delete(client))
    void pick().then((upstream) => {
      if (upstream === undefined) return client.destroy()
      upstream.on('error', () => client.destroy())
      client.on('close', () => upstream.destroy())
      client.pipe(upstream).pipe(client)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  log('info', `Running load balancer k3s-agent-load-balancer 127.0.0.1:${port} -> [${order.join(' ')}]`)
  return {
    port,
    learn: (addresses) => {
      const known = order.filter((address) => addresses.includes(address))
      const next = [...known, ...addresses.filter((address) => !known.includes(address))]
      if (next.length === 0) return
      order = next
      const content = { ServerURL: `https://${first}`, ServerAddresses: [...addresses].sort() }
      writeIfChanged(cacheFile(agentDir), `${JSON.stringify(content, null, 2)}\n`, 0o600)
    },
    rotate: () => {
      order = [...order.slice(1), ...order.slice(0, 1)]
      for (const socket of open) socket.destroy()
    },
    stop: () => {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
