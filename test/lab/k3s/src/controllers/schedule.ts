import type { ServerContext } from '../api/context.js'
import { changeObject, listObjects } from '../api/objects.js'
import { type KubeObject, nodes, pods } from '../api/resources.js'
import { localKv } from '../store/store.js'

interface Taint {
  key: string
  value?: string
  effect: string
}

interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
}

/** Whether a pod tolerates a taint. PreferNoSchedule never keeps it away. */
export function tolerates(spec: { tolerations?: Toleration[] }, taint: Taint): boolean {
  if (taint.effect === 'PreferNoSchedule') return true
  return (spec.tolerations ?? []).some((item) => {
    if (item.effect !== undefined && item.effect !== '' && item.effect !== taint.effect) return false
    if (item.operator === 'Exists') return item.key === undefined || item.key === taint.key
    return item.key === taint.key && (item.value ?? '') === (taint.value ?? '')
  })
}

/** Whether a pod may be put on a node now. */
export function fits(pod: KubeObject, node: KubeObject): boolean {
  if (node.spec?.unschedulable === true) return false
  const conditions: { type: string; status: string }[] = node.status?.conditions ?? []
  if (!conditions.some((item) => item.type === 'Ready' && item.status === 'True')) return false
  const labels = node.metadata.labels ?? {}
  const selector: Record<string, string> = pod.spec?.nodeSelector ?? {}
  if (!Object.entries(selector).every(([key, value]) => labels[key] === value)) return false
  return (node.spec?.taints ?? []).every((taint: Taint) => tolerates(pod.spec ?? {}, taint))
}

/** Puts pods without a node on the fitting node with the fewest pods. */
export async function schedule(context: ServerContext): Promise<void> {
  const kv = localKv(context.store)
  const all = listObjects(kv, pods)
  const load = new Map<string, number>()
  for (const pod of all) {
    const name: string | undefined = pod.spec?.nodeName
    if (name !== undefined) load.set(name, (load.get(name) ?? 0) + 1)
  }
  for (const pod of all.filter((item) => item.spec?.nodeName === undefined)) {
    const fitting = listObjects(kv, nodes).filter((node) => fits(pod, node))
    const best = fitting.sort(
      (a, b) => (load.get(a.metadata.name) ?? 0) - (load.get(b.metadata.name) ?? 0),
    )[0]
    if (best === undefined) continue
    const nodeName = best.metadata.name
    load.set(nodeName, (load.get(nodeName) ?? 0) + 1)
    await changeObject(context.store, pods, pod.metadata.namespace, pod.metadata.name, (old) => ({
      ...old,
      spec: { ...old.spec, nodeName },
    }))
  }
}
