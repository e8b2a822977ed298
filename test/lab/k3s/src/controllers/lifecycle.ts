import type { ServerContext } from '../api/context.js'
import { setCondition } from '../api/heartbeat.js'
import { changeObject, deleteObject, listObjects } from '../api/objects.js'
import { type KubeObject, nodes, pods } from '../api/resources.js'
import { knobs } from '../core/faults.js'
import { localKv } from '../store/store.js'

function isUnknown(node: KubeObject): boolean {
  const conditions: { type: string; status: string }[] = node.status?.conditions ?? []
  return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'Unknown')
}

function unreachable(node: KubeObject): KubeObject {
  return setCondition(node, {
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: 'Kubelet stopped posting node status.',
  })
}

/** Marks nodes whose heartbeats stopped, gives each node its pod network, and removes pods of deleted nodes. */
export async function lifecycle(context: ServerContext): Promise<void> {
  const kv = localKv(context.store)
  const grace = knobs().nodeGraceMs
  const since = context.store.replica.leaderSince
  const all = listObjects(kv, nodes)
  for (const node of all) {
    const name = node.metadata.name
    const last = Math.max(context.beats.get(name) ?? 0, since)
    if (Date.now() - last > grace && !isUnknown(node))
      await changeObject(context.store, nodes, undefined, name, unreachable)
    if (node.spec?.podCIDR === undefined) await assignCidr(context, all, name)
  }
  const names = new Set(all.map((node) => node.metadata.name))
  for (const pod of listObjects(kv, pods))
    if (pod.spec?.nodeName !== undefined && !names.has(pod.spec.nodeName))
      await deleteObject(context.store, pods, pod.metadata.namespace, pod.metadata.name)
}

async function assignCidr(context: ServerContext, all: KubeObject[], name: string): Promise<void> {
  const network = (context.critical['cluster-cidr'] ?? '10.42.0.0/16').split(',')[0] ?? ''
  const prefix = network.split('.').slice(0, 2).join('.')
  const used = new Set(all.map((node) => node.spec?.podCIDR))
  const free = Array.from({ length: 256 }, (_, i) => `${prefix}.${i}.0/24`).find((cidr) => !used.has(cidr))
  await changeObject(context.store, nodes, undefined, name, (node) => ({
    ...node,
    spec: { ...node.spec, podCIDR: free, podCIDRs: [free] },
  }))
}
