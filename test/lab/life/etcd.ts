import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parse } from 'yaml'
import { type Reply, request } from '../k3s/src/core/http.js'
import type { Lab } from '../lab.js'

/** Keeps an eye on etcd while playbooks run and fail. */
export interface EtcdWatch {
  /**
   * That etcd has its quorum and lost nothing: some server tells what was written before, and takes another write, which a majority
   * has to keep; and who voted still does. Until the first server takes a write, there is nothing that could be lost.
   * `round` must be new, and questions are asked one after another. It may take `timeout` ms: an election and the start of a server
   * take seconds at most, and a quorum that is lost does not come back.
   */
  holds(round: string, timeout?: number): Promise<void>
  /** A server was taken out of the cluster on purpose. */
  forget(server: string): void
}

interface Namespace {
  metadata: { labels?: { round?: string } }
}
interface Nodes {
  items: { metadata: { name: string }; status: { conditions: { type: string; status: string }[] } }[]
}
interface Kubeconfig {
  users: [{ user: Record<'client-certificate-data' | 'client-key-data', string> }]
}

const namespaces = '/api/v1/namespaces'

/**
 * Asks the API itself: connections over ssh are cut meanwhile, and a question costs milliseconds, so that it can be asked after
 * each cut. What it writes is a label of the namespace `precious`.
 */
export const watchEtcd = (lab: Lab, servers: readonly string[]): EtcdWatch => {
  /** What the last write said that a server acknowledged, and later ones of which none did: one of them is what there is. */
  let written: string[] = []
  const voters = new Set<string>()

  /** @throws when the server does not answer, or has no administrator yet */
  const call = async (name: string, method: string, path: string, body?: unknown): Promise<Reply> => {
    const { root, address } = lab.hosts.find((host) => host.name === name)!
    const { users } = parse(readFileSync(join(root, 'etc/rancher/k3s/k3s.yaml'), 'utf8')) as Kubeconfig
    const pem = (of: keyof (typeof users)[0]['user']) =>
      Buffer.from(users[0].user[of], 'base64').toString('utf8')
    const [cert, key] = [pem('client-certificate-data'), pem('client-key-data')]
    const url = `https://${address}:6443${path}`
    return request(url, { method, body, ca: null, cert, key, timeoutMs: 5000 })
  }

  /** What a server says was written before, once it has taken a write of its own; undefined when it cannot. */
  const rewrite = async (name: string, round: string): Promise<string | undefined> => {
    const metadata = { name: 'precious', labels: { round } }
    try {
      const old = await call(name, 'GET', `${namespaces}/precious`)
      if (old.status === 404 && written.length === 0) {
        const object = { apiVersion: 'v1', kind: 'Namespace', metadata }
        return (await call(name, 'POST', namespaces, object)).status === 201 ? round : undefined
      }
      if (old.status === 404) return 'nothing: it is lost'
      if (old.status !== 200) return undefined
      const taken = await call(name, 'PATCH', `${namespaces}/precious`, { metadata })
      if (taken.status !== 200) return undefined
      return (JSON.parse(old.text) as Namespace).metadata.labels?.round
    } catch {
      return undefined
    }
  }

  const votersNow = async (): Promise<string[]> => {
    for (const name of servers) {
      const reply = await call(name, 'GET', '/api/v1/nodes').catch(() => undefined)
      if (reply?.status !== 200) continue
      return (JSON.parse(reply.text) as Nodes).items
        .filter(({ status }) =>
          status.conditions.some((it) => it.type === 'EtcdIsVoter' && it.status === 'True'),
        )
        .map(({ metadata }) => metadata.name)
    }
    return []
  }

  const check = async (round: string, timeout: number): Promise<void> => {
    const bound = { timeout, interval: 100 }
    const expected = [...written]
    const ask = async (): Promise<string> => {
      for (const name of servers) {
        const said = await rewrite(name, round)
        if (said !== undefined) return said
      }
      return 'no server answers'
    }
    if (expected.length === 0) {
      if ((await ask()) !== 'no server answers') written = [round]
      return
    }
    written = [...expected, round]
    await expect.poll(ask, bound).toMatch(new RegExp(`^(${written.join('|')})$`))
    written = [round]
    await expect.poll(votersNow, bound).toEqual(expect.arrayContaining([...voters]))
    for (const voter of await votersNow()) voters.add(voter)
  }
  let last = Promise.resolve()
  const holds = (round: string, timeout = 60_000): Promise<void> => {
    last = last.catch(() => undefined).then(() => check(round, timeout))
    return last
  }
  return { holds, forget: (server) => void voters.delete(server) }
}
