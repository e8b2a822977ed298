import { log, reason } from '../core/log.js'
import { version } from '../core/version.js'
import { localKv } from '../store/store.js'
import type { ServerContext } from './context.js'
import { changeObject, getObject, listObjects } from './objects.js'
import { type KubeObject, nodes, pods } from './resources.js'
import { serverAddresses } from './supervisor.js'

/** What a kubelet tells about itself every second. */
export interface Beat {
  node: string
  ready: boolean
  reason: string
  message: string
  nodeInfo: Record<string, string>
  addresses: { type: string; address: string }[]
}

export interface BeatReply {
  servers: string[]
  version: string
  pods: { namespace: string; name: string; uid: string; image: string }[]
}

interface Condition {
  type: string
  status: string
  reason: string
  message: string
  lastHeartbeatTime?: string
  lastTransitionTime?: string
}

/** Puts a condition into an object's list; keeps the transition time when the status stays. */
export function setCondition(object: KubeObject, wanted: Condition): KubeObject {
  const old: Condition[] = object.status?.conditions ?? []
  const before = old.find((condition) => condition.type === wanted.type)
  const same =
    before?.status === wanted.status && before.reason === wanted.reason && before.message === wanted.message
  if (same) return object
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : now
  const next = { ...wanted, lastHeartbeatTime: now, lastTransitionTime: lastTransitionTime ?? now }
  const conditions =
    before === undefined ? [...old, next] : old.map((item) => (item === before ? next : item))
  return { ...object, status: { ...object.status, conditions } }
}

function withStatus(node: KubeObject, beat: Beat): KubeObject {
  const status = beat.ready ? 'True' : 'False'
  const next = setCondition(node, { type: 'Ready', status, reason: beat.reason, message: beat.message })
  return { ...next, status: { ...next.status, nodeInfo: beat.nodeInfo, addresses: beat.addresses } }
}

/** Takes a kubelet's heartbeat: writes its status when it changed, tells the leader that the node lives. */
export async function heartbeat(context: ServerContext, beat: Beat): Promise<BeatReply> {
  const kv = localKv(context.store)
  const node = getObject(kv, nodes, undefined, beat.node)
  if (node !== undefined) {
    await context.store.atLeader('/beat', { node: beat.node })
    if (JSON.stringify(withStatus(node, beat)) !== JSON.stringify(node))
      await changeObject(context.store, nodes, undefined, beat.node, (old) => withStatus(old, beat))
  }
  const mine = listObjects(kv, pods).filter((pod) => pod.spec?.nodeName === beat.node)
  if (beat.ready) await startPods(context, mine)
  return {
    servers: serverAddresses(context),
    version,
    pods: mine.map((pod) => ({
      namespace: pod.metadata.namespace ?? 'default',
      name: pod.metadata.name,
      uid: pod.metadata.uid ?? '',
      image: String(pod.spec?.containers?.[0]?.image ?? ''),
    })),
  }
}

/** The node reports its pods as running as soon as it is Ready. */
async function startPods(context: ServerContext, mine: KubeObject[]): Promise<void> {
  for (const pod of mine.filter((item) => item.status?.phase === 'Pending')) {
    const status = {
      phase: 'Running',
      startTime: new Date().toISOString(),
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: (pod.spec?.containers ?? []).map((container: { name: string; image: string }) => ({
        name: container.name,
        image: container.image,
        ready: true,
        restartCount: 0,
        state: { running: {} },
      })),
    }
    await changeObject(context.store, pods, pod.metadata.namespace, pod.metadata.name, (old) => ({
      ...old,
      status,
    })).catch((error: unknown) => log('warning', `pod ${pod.metadata.name}: ${reason(error)}`))
  }
}
