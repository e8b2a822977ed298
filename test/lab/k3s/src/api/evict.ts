import type { Kv } from '../store/kv.js'
import { ApiError, listObjects } from './objects.js'
import { findResource, type KubeObject, pods, type Resource } from './resources.js'
import { matchesSelector } from './selectors.js'

const budgets = findResource('pdb') as Resource

function amount(value: number | string | undefined, total: number): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.endsWith('%'))
    return Math.ceil((Number(value.slice(0, -1)) / 100) * total)
  return Number(value)
}

function isHealthy(pod: KubeObject): boolean {
  return pod.status?.phase === 'Running'
}

/** How many more pods of a budget may go away now. */
export function disruptionsAllowed(budget: KubeObject, all: readonly KubeObject[]): number {
  const mine = all.filter(
    (pod) =>
      pod.metadata.namespace === budget.metadata.namespace &&
      matchesSelector(pod.metadata.labels ?? {}, budget.spec?.selector ?? {}),
  )
  const healthy = mine.filter(isHealthy).length
  const expected = Math.max(mine.length, Number(budget.spec?.expectedPods ?? 0))
  const least = amount(budget.spec?.minAvailable, expected)
  if (least !== undefined) return Math.max(0, healthy - least)
  const most = amount(budget.spec?.maxUnavailable, expected) ?? 1
  return Math.max(0, most - (expected - healthy))
}

/** @throws ApiError 429 when a PodDisruptionBudget does not let the pod go now. */
export function checkEviction(kv: Kv, pod: KubeObject): void {
  const all = listObjects(kv, pods)
  for (const budget of listObjects(kv, budgets, pod.metadata.namespace)) {
    if (!matchesSelector(pod.metadata.labels ?? {}, budget.spec?.selector ?? {})) continue
    if (disruptionsAllowed(budget, all) < 1)
      throw new ApiError(
        429,
        'TooManyRequests',
        "Cannot evict pod as it would violate the pod's disruption budget.",
      )
  }
}
