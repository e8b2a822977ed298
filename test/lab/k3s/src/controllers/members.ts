import type { ServerContext } from '../api/context.js'
import { setCondition } from '../api/heartbeat.js'
import { changeObject, getObject, listObjects } from '../api/objects.js'
import { type KubeObject, nodes } from '../api/resources.js'
import { activeFault, knobs } from '../core/faults.js'
import { log } from '../core/log.js'
import { type Member, membersKey, refuseRemove, removedIds, removedKey } from '../store/members.js'
import { localKv, memberList } from '../store/store.js'

const removeAnnotation = 'etcd.k3s.cattle.io/remove'
const removedAnnotation = 'etcd.k3s.cattle.io/removed-node-name'

/** Does for etcd's members what k3s's member controllers do: promote, report, remove. */
export async function members(context: ServerContext): Promise<void> {
  if (context.store.kind !== 'etcd') return
  for (const member of memberList(context.store)) {
    const node = getObject(localKv(context.store), nodes, undefined, member.nodeName)
    if (node === undefined && member.registered === true) await remove(context, member)
    else if (node?.metadata.annotations?.[removeAnnotation] === 'true')
      await removeAnnotated(context, member, node)
    else if (node !== undefined && member.registered !== true)
      await change(context, { ...member, registered: true })
    else if (member.learner && mayPromote(context, member))
      await change(context, { ...member, learner: false })
    else if (node !== undefined) await report(context, member, node)
  }
  await finishRemovals(context)
}

/** A leader that took itself out is gone before it could say so: its successor does, as in k3s. */
async function finishRemovals(context: ServerContext): Promise<void> {
  for (const node of listObjects(localKv(context.store), nodes)) {
    const { annotations = {}, name } = node.metadata
    const isMember = memberList(context.store).some((member) => member.nodeName === name)
    if (annotations[removeAnnotation] === 'true' && !isMember)
      await markRemoved(context, name, annotations['etcd.k3s.cattle.io/node-name'] ?? name)
  }
}

function mayPromote(context: ServerContext, member: Member): boolean {
  const fault = activeFault('promotion', member.nodeName)
  if (fault !== undefined && fault.mode !== 'slow') return false
  const wait = knobs().promotionMs + (fault?.ms ?? 0)
  return Date.now() - member.since >= wait && context.store.replica.hasCaughtUp(member.id)
}

async function change(context: ServerContext, member: Member): Promise<void> {
  const mod = localKv(context.store).data.get(membersKey)?.mod ?? 0
  const value = memberList(context.store).map((item) => (item.id === member.id ? member : item))
  await context.store.txn({ guards: { [membersKey]: mod }, set: { [membersKey]: value } })
  if (!member.learner) log('info', `etcd: member ${member.name} is a voter`)
}

/** Takes a member out; refuses while that would cost the quorum, and tries again later. */
async function remove(context: ServerContext, member: Member): Promise<boolean> {
  const all = memberList(context.store)
  const refusal = refuseRemove(all, context.store.replica.live(), member.id)
  if (refusal !== undefined) {
    warnOnce(`failed to remove etcd member ${member.name}: ${refusal}`)
    return false
  }
  const kv = localKv(context.store)
  const mod = kv.data.get(membersKey)?.mod ?? 0
  const rest = all.filter((item) => item.id !== member.id)
  log('info', `Removing etcd member ${member.name}`)
  await context.store.txn({
    guards: { [membersKey]: mod },
    set: { [membersKey]: rest, [removedKey]: [...removedIds(kv), member.id] },
  })
  return true
}

async function removeAnnotated(context: ServerContext, member: Member, node: KubeObject): Promise<void> {
  if (await remove(context, member)) await markRemoved(context, node.metadata.name, member.name)
}

async function markRemoved(context: ServerContext, node: string, member: string): Promise<void> {
  await changeObject(context.store, nodes, undefined, node, (old) => {
    const { [removeAnnotation]: _done, ...annotations } = old.metadata.annotations ?? {}
    const labels = { ...old.metadata.labels }
    delete labels['node-role.kubernetes.io/etcd']
    return {
      ...old,
      metadata: {
        ...old.metadata,
        labels,
        annotations: { ...annotations, [removedAnnotation]: member },
      },
    }
  })
}

async function report(context: ServerContext, member: Member, node: KubeObject): Promise<void> {
  const condition = member.learner
    ? {
        status: 'False',
        reason: 'MemberIsLearner',
        message: 'Node has not been promoted to voting member of the etcd cluster',
      }
    : { status: 'True', reason: 'MemberNotLearner', message: 'Node is a voting member of the etcd cluster' }
  const wanted = { type: 'EtcdIsVoter', ...condition }
  if (setCondition(node, wanted) === node) return
  await changeObject(context.store, nodes, undefined, node.metadata.name, (old) => setCondition(old, wanted))
}

let lastWarning = ''

function warnOnce(text: string): void {
  if (text !== lastWarning) log('warning', text)
  lastWarning = text
}
