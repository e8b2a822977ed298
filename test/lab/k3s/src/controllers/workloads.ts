import { createHash, randomUUID } from 'node:crypto'
import type { ServerContext } from '../api/context.js'
import { createObject, deleteObject, listObjects } from '../api/objects.js'
import { findResource, type KubeObject, nodes, pods, type Resource } from '../api/resources.js'
import { localKv } from '../store/store.js'
import { tolerates } from './schedule.js'

const kinds = ['deployments', 'statefulsets', 'daemonsets'].map((name) => findResource(name) as Resource)

function ownedBy(pod: KubeObject, owner: KubeObject): boolean {
  return (pod.metadata.ownerReferences ?? []).some((reference) => reference.uid === owner.metadata.uid)
}

/** Daemon pods run on every node whose taints they tolerate; cordoned nodes do not matter to them. */
function daemonNodes(owner: KubeObject, all: KubeObject[]): string[] {
  const spec = owner.spec?.template?.spec ?? {}
  return all
    .filter((node) => (node.spec?.taints ?? []).every((taint: never) => tolerates(spec, taint)))
    .map((node) => node.metadata.name)
}

function podOf(owner: KubeObject, kind: string, nodeName?: string): KubeObject {
  const template = owner.spec?.template ?? {}
  const hash = createHash('sha1').update(JSON.stringify(template)).digest('hex').slice(0, 9)
  const middle = kind === 'Deployment' ? `${hash}-` : ''
  // a Deployment's pods belong to its ReplicaSet; drain asks only that a controller exists
  const ownerKind = kind === 'Deployment' ? 'ReplicaSet' : kind
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${owner.metadata.name}-${middle}${randomUUID().slice(0, 5)}`,
      namespace: owner.metadata.namespace ?? 'default',
      labels: { ...template.metadata?.labels },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: ownerKind,
          name: owner.metadata.name,
          uid: owner.metadata.uid ?? '',
          controller: true,
        },
      ],
    },
    spec: { ...template.spec, ...(nodeName === undefined ? {} : { nodeName }) },
  }
}

/** Keeps as many pods as each workload wants. */
export async function workloads(context: ServerContext): Promise<void> {
  const kv = localKv(context.store)
  const allPods = listObjects(kv, pods)
  const allNodes = listObjects(kv, nodes)
  const owners = new Set<string>()
  for (const kind of kinds)
    for (const owner of listObjects(kv, kind)) {
      owners.add(owner.metadata.uid ?? '')
      const mine = allPods.filter((pod) => ownedBy(pod, owner))
      if (kind.kind === 'DaemonSet') await daemon(context, owner, mine, allNodes)
      else await replicas(context, owner, kind.kind, mine)
    }
  for (const pod of allPods) {
    const reference = pod.metadata.ownerReferences?.find((item) => item.apiVersion === 'apps/v1')
    if (reference !== undefined && !owners.has(reference.uid ?? '')) await drop(context, pod)
  }
}

async function drop(context: ServerContext, pod: KubeObject): Promise<void> {
  await deleteObject(context.store, pods, pod.metadata.namespace, pod.metadata.name)
}

async function replicas(
  context: ServerContext,
  owner: KubeObject,
  kind: string,
  mine: KubeObject[],
): Promise<void> {
  const wanted = Number(owner.spec?.replicas ?? 1)
  for (let i = mine.length; i < wanted; i += 1)
    await createObject(context.store, podOf(owner, kind), owner.metadata.namespace)
  for (const pod of mine.slice(wanted)) await drop(context, pod)
}

async function daemon(
  context: ServerContext,
  owner: KubeObject,
  mine: KubeObject[],
  all: KubeObject[],
): Promise<void> {
  const wanted = daemonNodes(owner, all)
  for (const name of wanted)
    if (!mine.some((pod) => pod.spec?.nodeName === name))
      await createObject(context.store, podOf(owner, 'DaemonSet', name), owner.metadata.namespace)
}
