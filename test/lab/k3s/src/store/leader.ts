import { sleep } from '../core/log.js'
import { Conflict, type Txn, Unavailable } from './kv.js'
import type { Answer, Message } from './messages.js'
import type { Raft } from './raft.js'

const timedOut = 'etcdserver: request timed out'

/** Runs a message at the leader, wherever that is; waits a while for one to be elected. */
async function askLeader(raft: Raft, message: Message): Promise<Answer> {
  const { requestMs } = raft.timing
  const end = Date.now() + requestMs
  let answer: Answer = { ok: false, error: 'etcdserver: no leader' }
  while (Date.now() < end) {
    const leader = raft.leaderMember()
    const changed = (): Answer => ({ ok: false, error: 'etcdserver: leader changed' })
    if (raft.isLeader) answer = await raft.receive(message)
    else if (leader !== undefined) answer = await raft.send(leader, message, requestMs).catch(changed)
    if (answer.ok || answer.conflict === true || answer.error === timedOut) return answer
    await sleep(50)
  }
  return answer
}

/** Makes sure that what is read next is what a majority agreed on. @throws Unavailable */
export async function barrier(raft: Raft): Promise<void> {
  const answer = await askLeader(raft, { kind: 'read', from: raft.id })
  if (!answer.ok) throw new Unavailable(answer.error ?? timedOut)
  const end = Date.now() + raft.timing.requestMs
  while (raft.kv.rev < (answer.rev ?? 0)) {
    if (Date.now() > end) throw new Unavailable(timedOut)
    await sleep(5)
  }
}

/** Runs a transaction wherever the leader is. @throws Conflict, Unavailable */
export async function runTxn(raft: Raft, txn: Txn): Promise<void> {
  const answer = await askLeader(raft, { kind: 'txn', from: raft.id, txn })
  if (answer.ok) return
  if (answer.conflict === true) throw new Conflict(answer.error ?? 'conflict')
  throw new Unavailable(answer.error ?? timedOut)
}
