import { sleep } from '../core/log.js'
import { etcdDisk } from './disk.js'
import { Conflict, emptyKv, fromSnapshot, type Snapshot, type Txn, toSnapshot, Unavailable } from './kv.js'
import { type Member, membersOf } from './members.js'
import type { Answer } from './messages.js'
import { type PeerHandler, peerClient } from './peer.js'
import { Raft } from './raft.js'
import type { Store } from './store.js'

interface Pull extends Answer {
  snapshot?: Snapshot
}

/** What a member offers on its client port to servers that have no etcd of their own. */
export function clientRoutes(store: Store): PeerHandler {
  return async (route, body) => {
    if (route === '/health') return { ok: true, health: 'true' }
    if (route === '/read') {
      const kv = await store.read()
      const have = body as { term: number; rev: number }
      return kv.rev === have.rev && kv.term === have.term
        ? { ok: true }
        : { ok: true, snapshot: toSnapshot(kv) }
    }
    if (route === '/txn') {
      const refused = (error: unknown): Answer => {
        if (error instanceof Conflict) return { ok: false, conflict: true, error: error.message }
        throw error
      }
      return store.txn(body as Txn).then(() => ({ ok: true }), refused)
    }
    const { to, what } = body as { to: string; what: unknown }
    return store.atLeader(to, what)
  }
}

/** The datastore of a control-plane-only server (disable-etcd): all of it lies at the members, behind port 2379. */
export async function openRemote(
  tlsDir: string,
  dbDir: string,
  learn: () => Promise<Member[]>,
): Promise<Store> {
  const client = peerClient(tlsDir)
  const kv = emptyKv()
  // never started: it only gives controllers the shape they know, and it never leads
  const raft = new Raft(
    '',
    kv,
    etcdDisk(dbDir),
    () => Promise.reject(new Error('no etcd here')),
    () => undefined,
  )
  let known = await learn()
  const ask = async <T extends Answer>(route: string, body: unknown): Promise<T> => {
    let last = 'etcdserver: no leader'
    for (const member of known) {
      const answer = await client.ask<T>(member.address, route, body, 4000).catch(() => undefined)
      if (answer?.ok === true || answer?.conflict === true) return answer
      last = answer?.error ?? last
    }
    throw new Unavailable(last)
  }
  const pull = async (): Promise<typeof kv> => {
    const { snapshot } = await ask<Pull>('/read', { term: kv.term, rev: kv.rev })
    if (snapshot !== undefined) Object.assign(kv, fromSnapshot(snapshot))
    known = membersOf(kv)
    return kv
  }
  let running = true
  void (async () => {
    for (; running; await sleep(500)) await pull().catch(() => undefined)
  })()
  return {
    kind: 'etcd',
    id: '',
    replica: raft,
    read: pull,
    txn: async (txn) => {
      const answer = await ask('/txn', txn)
      if (!answer.ok) throw new Conflict(answer.error ?? 'conflict')
    },
    atLeader: async <T>(to: string, what: unknown) => (await ask('/forward', { to, what })) as T,
    stop: () => {
      running = false
      client.stop()
    },
  }
}
