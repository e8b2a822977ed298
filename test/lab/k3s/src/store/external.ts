import { log, reason, sleep } from '../core/log.js'
import { etcdGateway, type Found, type Gateway } from './gateway.js'
import {
  applyChange,
  Conflict,
  checkGuards,
  emptyKv,
  fromSnapshot,
  type Kv,
  type Snapshot,
  type Txn,
  toSnapshot,
  Unavailable,
} from './kv.js'
import type { Member } from './members.js'
import type { Store } from './store.js'

/** How a datastore outside the cluster is to be opened. */
export interface ExternalOptions {
  /** `datastore-endpoint` */
  endpoint: string
  nodeName: string
  address: string
  /** Handles what servers ask of the one that leads. */
  handle: (route: string, body: unknown) => Promise<unknown>
}

const prefix = '/standin/'
const stateKey = `${prefix}state`
const leaderKey = `${prefix}leader`
const leaseSeconds = 3

/** The state, those who share it, who leads, and which nodes were heard of, as they lie in the database. */
class Shared {
  readonly kv: Kv = emptyKv()
  members: Member[] = []
  leaderSince = 0
  private stateMod = '0'
  private heard = 0
  private readonly beats = new Map<string, string>()

  constructor(
    private readonly gateway: Gateway,
    private readonly options: ExternalOptions,
  ) {}

  /** Not for longer than a lease lasts: without word from the database, another one may lead. */
  get isLeader(): boolean {
    return this.leaderSince > 0 && Date.now() - this.heard < leaseSeconds * 1000
  }

  async pull(): Promise<Kv> {
    const asked = Date.now()
    const found = new Map((await this.gateway.list(prefix)).map((each) => [each.key, each]))
    this.heard = asked
    const state = found.get(stateKey)
    if (state !== undefined && Number(state.mod) > Number(this.stateMod)) this.take(state)
    const below = (folder: string): Found[] =>
      [...found.values()].filter((each) => each.key.startsWith(`${prefix}${folder}/`))
    this.members = below('servers').map(({ key, value }) => {
      const name = key.slice(`${prefix}servers/`.length)
      return { id: name, name, nodeName: name, address: value, learner: false, since: 0 }
    })
    const leads = found.get(leaderKey)?.value === this.options.nodeName
    if (leads !== this.leaderSince > 0) this.leaderSince = leads ? Date.now() : 0
    for (const { key, mod } of below('beats')) if (this.beats.get(key) !== mod) await this.hear(key, mod)
    return this.kv
  }

  private take({ value, mod }: Found): void {
    Object.assign(this.kv, fromSnapshot(JSON.parse(value) as Snapshot))
    this.stateMod = mod
  }

  private async hear(key: string, mod: string): Promise<void> {
    this.beats.set(key, mod)
    await this.options.handle('/beat', { node: key.slice(`${prefix}beats/`.length) })
  }

  /** Changes the state where nobody was faster; else looks again. @throws Conflict, Unavailable */
  async txn(txn: Txn): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const { term, rev } = await this.pull()
      checkGuards(this.kv, txn)
      const next = fromSnapshot(structuredClone(toSnapshot(this.kv)))
      const change = { term, rev: rev + 1, prevTerm: term, prevRev: rev }
      applyChange(next, { ...change, set: txn.set ?? {}, del: txn.del ?? [] })
      const value = JSON.stringify(toSnapshot(next))
      if (await this.gateway.put({ key: stateKey, value, ifMod: this.stateMod }))
        return void (await this.pull())
      await sleep(10 + Math.random() * 40)
    }
    throw new Conflict('the database is too busy')
  }
}

/** Keeps this server among those who share the database, and lets it lead where nobody does. */
async function takePart(
  gateway: Gateway,
  { nodeName, address }: ExternalOptions,
  lease: string,
): Promise<string> {
  const alive = lease !== '' && (await gateway.keepAlive(lease))
  const kept = alive ? lease : await gateway.grant(leaseSeconds)
  if (!alive) await gateway.put({ key: `${prefix}servers/${nodeName}`, value: address, lease: kept })
  await gateway.put({ key: leaderKey, value: nodeName, lease: kept, ifMod: '0' })
  return kept
}

/** Opens a datastore that is an etcd outside the cluster, and waits until it answers. */
export async function openExternal(options: ExternalOptions): Promise<Store> {
  const gateway = etcdGateway(options.endpoint)
  const shared = new Shared(gateway, options)
  let lease = ''
  let running = true
  const turn = async (): Promise<void> => {
    lease = await takePart(gateway, options, lease)
    await shared.pull()
  }
  for (;;) {
    try {
      await turn()
      break
    } catch (error) {
      log('warning', `Failed to connect to the datastore, will retry: ${reason(error)}`)
      await sleep(1000)
    }
  }
  void (async () => {
    for (; running; await sleep(500)) await turn().catch((error: unknown) => log('warning', reason(error)))
  })()
  return {
    kind: 'external',
    id: options.nodeName,
    replica: {
      kv: shared.kv,
      get members() {
        return shared.members
      },
      get isLeader() {
        return shared.isLeader
      },
      get leaderSince() {
        return shared.leaderSince
      },
      live: () => new Set(shared.members.map(({ id }) => id)),
      hasCaughtUp: () => true,
    },
    read: () => shared.pull(),
    txn: (txn) => shared.txn(txn),
    atLeader: async <T>(route: string, body: unknown): Promise<T> => {
      if (shared.isLeader) return (await options.handle(route, body)) as T
      if (route !== '/beat') throw new Unavailable(`${route} is asked of the one that leads`)
      const { node } = body as { node: string }
      await gateway.put({ key: `${prefix}beats/${node}`, value: '' })
      return { ok: true } as T
    },
    stop: () => {
      running = false
    },
  }
}
