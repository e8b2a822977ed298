import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { passFault } from '../core/faults.js'
import { readText, writeFile } from '../core/files.js'
import { Fatal, log, reason, sleep } from '../core/log.js'
import { type Disk, etcdDisk, sqliteDisk } from './disk.js'
import { emptyKv, type Kv } from './kv.js'
import { barrier, runTxn } from './leader.js'
import { type Member, membersKey, membersOf, refuseAdd } from './members.js'
import type { Answer, Message, Send } from './messages.js'
import { type PeerClient, type PeerHandler, peerClient, servePeers } from './peer.js'
import { Raft } from './raft.js'
import { clientRoutes } from './remote.js'
import type { Store } from './store.js'

/** How a datastore is to be opened. */
export interface OpenOptions {
  kind: 'etcd' | 'sqlite'
  dbDir: string
  tlsDir: string
  nodeName: string
  /** The IP under which peers reach this server. */
  address: string
  /** Where the members to join can be learned; absent when this server starts the cluster. */
  join?: () => Promise<Member[]>
  /** Handles what peers ask of the leader beside the datastore. */
  handle: (route: string, body: unknown) => Promise<unknown>
}

/** Left behind in a server that was removed, so that a restart does not start a cluster of its own. */
function tombstone(dbDir: string): string {
  return path.join(dbDir, 'etcd', 'tombstone')
}

const removedText =
  'this server has been removed from the etcd cluster; delete its server/db directory to allow it to rejoin'

/** Whether embedded etcd has been here before. */
export function etcdExists(dbDir: string): boolean {
  return etcdDisk(dbDir).exists
}

function memberName(dbDir: string, nodeName: string): string {
  const file = path.join(dbDir, 'etcd', 'name')
  const known = readText(file)
  if (known !== undefined) return known
  const name = `${nodeName}-${randomBytes(4).toString('hex')}`
  writeFile(file, name)
  return name
}

/** Tells clusters apart: after a reset, members of the old one must not talk to the new one. */
export const clusterKey = '/cluster-id'

export function newClusterId(): string {
  return randomBytes(8).toString('hex')
}

/** A first voter of a new cluster; its name is kept in the datastore's directory. */
export function newMember(dbDir: string, nodeName: string, address: string): Member {
  const id = memberName(dbDir, nodeName)
  return { id, name: id, nodeName, address, learner: false, since: Date.now() }
}

/** Opens the datastore; a joining server returns once it is a member and has the cluster's state. */
export async function openStore(options: OpenOptions): Promise<Store> {
  return options.kind === 'sqlite' ? openSqlite(options) : openEtcd(options)
}

async function openSqlite(options: OpenOptions): Promise<Store> {
  const disk = sqliteDisk(options.dbDir)
  const kv = disk.load()
  const self: Member = {
    id: 'sqlite',
    name: 'sqlite',
    nodeName: options.nodeName,
    address: '',
    learner: false,
    since: 0,
  }
  kv.data.set(membersKey, { value: [self], mod: 1, created: 1 })
  const never = (): Promise<Answer> => Promise.reject(new Error('SQLite has no peers'))
  const raft = new Raft('sqlite', kv, disk, never, () => undefined)
  raft.start()
  return facade('sqlite', raft, options.handle, undefined, () => undefined)
}

/** The first state of a new etcd: empty, or what SQLite held on this server until now. */
function initialState(dbDir: string, self: Member): Kv {
  const sqlite = path.join(dbDir, 'state.db')
  const migrate = fs.existsSync(sqlite)
  const kv = migrate ? sqliteDisk(dbDir).load() : emptyKv()
  if (migrate) log('info', 'Migrating content from sqlite to etcd')
  kv.rev += 1
  kv.data.set(membersKey, { value: [self], mod: kv.rev, created: kv.rev })
  kv.data.set(clusterKey, { value: newClusterId(), mod: kv.rev, created: kv.rev })
  return kv
}

async function openEtcd(options: OpenOptions): Promise<Store> {
  const { dbDir, nodeName, address } = options
  if (fs.existsSync(tombstone(dbDir))) throw new Fatal(removedText)
  fs.mkdirSync(path.join(dbDir, 'etcd'), { recursive: true, mode: 0o700 })
  const disk = etcdDisk(dbDir)
  const id = memberName(dbDir, nodeName)
  const self: Member = {
    id,
    name: id,
    nodeName,
    address,
    learner: options.join !== undefined,
    since: Date.now(),
  }
  const fresh = !disk.exists
  let kv = emptyKv()
  if (!fresh) kv = disk.load()
  else if (options.join === undefined) {
    kv = initialState(dbDir, self)
    disk.install(kv)
    const old = path.join(dbDir, 'state.db')
    if (fs.existsSync(old)) fs.renameSync(old, `${old}.migrated`)
  }
  return startEtcd(options, disk, kv, self, fresh)
}

async function startEtcd(
  options: OpenOptions,
  disk: Disk,
  kv: Kv,
  self: Member,
  fresh: boolean,
): Promise<Store> {
  const client = peerClient(options.tlsDir)
  const removed = (): void => {
    writeFile(tombstone(options.dbDir), self.id)
    log('fatal', removedText)
    process.exit(1)
  }
  const clusterId = (): unknown => kv.data.get(clusterKey)?.value
  const send: Send = (member, message, timeoutMs) =>
    client.call<Answer>(member.address, '/raft', { cluster: clusterId(), message }, timeoutMs)
  const raft = new Raft(self.id, kv, disk, send, removed)
  const fromPeer: PeerHandler = async (route, body) => {
    if (route === '/raft') {
      const { cluster, message } = body as { cluster: unknown; message: Message }
      if (clusterId() !== undefined && cluster !== clusterId())
        return { ok: false, error: 'cluster ID mismatch' }
      return raft.receive(message)
    }
    if (!raft.isLeader) throw new Error('etcdserver: not leader')
    if (route === '/members') return addMember(raft, body as Member)
    return options.handle(route, body)
  }
  let stopServer = (): void => undefined
  const store = facade('etcd', raft, options.handle, client, () => {
    stopServer()
    client.stop()
  })
  stopServer = await servePeers(options.tlsDir, options.address, fromPeer, clientRoutes(store))
  raft.start()
  if (fresh && options.join !== undefined) await joinCluster(options, options.join, client, raft, self)
  else if (membersOf(kv).every((member) => member.id !== self.id)) removed()
  return store
}

function facade(
  kind: OpenOptions['kind'],
  raft: Raft,
  handle: OpenOptions['handle'],
  client: PeerClient | undefined,
  close: () => void,
): Store {
  return {
    kind,
    id: raft.id,
    replica: raft,
    read: async () => {
      await barrier(raft)
      return raft.kv
    },
    txn: (txn) => runTxn(raft, txn),
    atLeader: async <T>(route: string, body: unknown): Promise<T> => {
      if (raft.isLeader || client === undefined) return (await handle(route, body)) as T
      const leader = raft.leaderMember()
      if (leader === undefined) throw new Error('etcdserver: no leader')
      return client.call<T>(leader.address, route, body, 2000)
    },
    stop: () => {
      raft.stop()
      close()
    },
  }
}

/** Adds a learner at the leader. */
async function addMember(raft: Raft, member: Member): Promise<Answer> {
  const members = raft.members
  if (members.some((known) => known.id === member.id)) return { ok: true }
  const refusal = refuseAdd(members, raft.live(), member.nodeName)
  if (refusal !== undefined) return { ok: false, error: refusal }
  const mod = raft.kv.data.get(membersKey)?.mod ?? 0
  const value = [...members, { ...member, learner: true, since: Date.now() }]
  await raft.write({ guards: { [membersKey]: mod }, set: { [membersKey]: value } })
  log('info', `etcd: added member ${member.name} (${member.address}) as learner`)
  return { ok: true }
}

async function joinCluster(
  options: OpenOptions,
  learn: () => Promise<Member[]>,
  client: PeerClient,
  raft: Raft,
  self: Member,
): Promise<void> {
  await passFault('join', options.nodeName)
  for (;;) {
    try {
      const members = await learn()
      const names = members.map((member) => `${member.name}=https://${member.address}:2380`)
      log(
        'info',
        `Adding member ${self.name}=https://${self.address}:2380 to etcd cluster [${names.join(' ')}]`,
      )
      await askToJoin(members, client, self)
      break
    } catch (error) {
      if (reason(error).includes('duplicate node name')) {
        fs.rmSync(path.join(options.dbDir, 'etcd', 'name'), { force: true })
        throw new Fatal(`ETCD join failed: ${reason(error)}`)
      }
      log('warning', `Failed to join etcd cluster, will retry: ${reason(error)}`)
      await sleep(1000)
    }
  }
  log('info', `Starting etcd for cluster; waiting for the state of the cluster`)
  for (let waited = 0; raft.kv.rev === 0; waited += 20) {
    if (waited > 0 && waited % 5000 === 0)
      log('warning', 'etcd: no snapshot from the leader yet; is port 2380 open?')
    await sleep(20)
  }
}

/** Asks each member in turn; the leader's word counts, be it a refusal. */
async function askToJoin(members: Member[], client: PeerClient, self: Member): Promise<void> {
  const problems: string[] = []
  for (const member of members) {
    try {
      await client.ask(member.address, '/health', {}, 2000)
      const answer = await client.call<Answer>(member.address, '/members', self, 5000)
      if (answer.ok) return
      problems.push(answer.error ?? 'etcdserver: request timed out')
    } catch (error) {
      problems.push(reason(error))
    }
  }
  throw new Error(problems.find((text) => !text.includes('not leader')) ?? 'etcdserver: no leader')
}
