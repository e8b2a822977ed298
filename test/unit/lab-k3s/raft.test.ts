import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { etcdDisk } from '../../lab/k3s/src/store/disk.js'
import { Conflict, Unavailable } from '../../lab/k3s/src/store/kv.js'
import { barrier, runTxn } from '../../lab/k3s/src/store/leader.js'
import { type Member, membersKey } from '../../lab/k3s/src/store/members.js'
import { Raft } from '../../lab/k3s/src/store/raft.js'

let directory = ''
let nodes = new Map<string, Raft>()
const ids = ['a', 'b', 'c']
const members: Member[] = ids.map((id) => ({
  id,
  name: id,
  nodeName: id,
  address: id,
  learner: false,
  since: 0,
}))

/** Starts a member from its own files; messages go straight to the members that run. */
function boot(id: string): Raft {
  const disk = etcdDisk(path.join(directory, id))
  const kv = disk.load()
  if (kv.rev === 0) {
    kv.rev = 1
    kv.data.set(membersKey, { value: members, mod: 1, created: 1 })
    disk.install(kv)
  }
  const raft = new Raft(
    id,
    kv,
    disk,
    (member, message) => {
      const peer = nodes.get(member.id)
      if (peer === undefined || !nodes.has(id)) return Promise.reject(new Error('unreachable'))
      return peer.receive(structuredClone(message))
    },
    () => undefined,
    { heartbeatMs: 20, electionMs: 150, requestMs: 600 },
  )
  nodes.set(id, raft)
  raft.start()
  return raft
}

function kill(id: string): void {
  nodes.get(id)?.stop()
  nodes.delete(id)
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !condition(); i += 1) await new Promise((done) => setTimeout(done, 10))
  expect(condition()).toBe(true)
}

const leader = (): Raft | undefined => [...nodes.values()].find((node) => node.isLeader)
const value = (id: string, key: string): unknown => nodes.get(id)?.kv.data.get(key)?.value

beforeEach(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'k3s-raft-'))
  for (const id of ids) boot(id)
  await until(() => leader() !== undefined)
})

afterEach(() => {
  for (const id of ids) kill(id)
  nodes = new Map()
  fs.rmSync(directory, { recursive: true })
})

describe('replication', () => {
  it('writes from any member, guards against lost updates, and survives the leader', async () => {
    const first = leader()?.id ?? ''
    const [second = '', third = ''] = ids.filter((id) => id !== first)
    await runTxn(nodes.get(second) as Raft, { guards: { x: 0 }, set: { x: 1 } })
    await expect(
      runTxn(nodes.get(third) as Raft, { guards: { x: 0 }, set: { x: 2 } }),
    ).rejects.toBeInstanceOf(Conflict)
    kill(first)
    await until(() => leader() !== undefined)
    await barrier(nodes.get(second) as Raft)
    expect(value(second, 'x')).toBe(1)
    await runTxn(nodes.get(third) as Raft, { set: { x: 3 } })
    boot(first)
    await until(() => value(first, 'x') === 3)
  })

  it('answers nothing without a majority, and goes on when it is back', async () => {
    const first = leader()?.id ?? ''
    const [second = '', third = ''] = ids.filter((id) => id !== first)
    await runTxn(nodes.get(first) as Raft, { set: { y: 1 } })
    kill(second)
    kill(third)
    // at once, while the leader still believes that it is one
    await expect(barrier(nodes.get(first) as Raft)).rejects.toBeInstanceOf(Unavailable)
    await expect(runTxn(nodes.get(first) as Raft, { set: { y: 2 } })).rejects.toBeInstanceOf(Unavailable)
    boot(second)
    await until(() => leader() !== undefined)
    await barrier(nodes.get(first) as Raft)
    expect(value(second, 'y')).toBe(value(first, 'y'))
  })
})
