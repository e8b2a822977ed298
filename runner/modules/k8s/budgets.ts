import type { KubeObject } from './manifest.js'

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

type Labels = Readonly<Record<string, string>>

interface Pod extends KubeObject {
  readonly metadata: KubeObject['metadata'] & { readonly labels?: Labels }
}

interface Budget extends KubeObject {
  readonly spec?: { readonly selector?: Selector }
}

/** A pod that its disruption budgets held back. */
export interface HeldPod {
  /** `namespace/name`. */
  readonly pod: string
  /** Of the same namespace as the pod: names. */
  readonly budgets: readonly string[]
}

/**
 * The pods whose eviction a PodDisruptionBudget refused to the end, and which budgets those are: kubectl names the pod alone.
 * @param said what `kubectl drain` printed on stderr
 * @param pods the pods that are still on the node, and `budgets` those of the cluster: what `kubectl get -o json` prints
 */
export function heldPods(said: string, pods: string, budgets: string): HeldPod[] {
  const refused = new Set(
    [...said.matchAll(/error when evicting pods\/"([^"]+)" -n "([^"]+)"[^\n]*disruption ?budget/gi)].map(
      ([, name, namespace]) => `${namespace}/${name}`,
    ),
  )
  const all = itemsOf<Budget>(budgets)
  return itemsOf<Pod>(pods).flatMap(({ metadata: { name, namespace, labels = {} } }) => {
    const pod = `${namespace}/${name}`
    if (!refused.has(pod)) return []
    const mine = all.filter(
      ({ metadata, spec }) => metadata.namespace === namespace && selects(spec?.selector, labels),
    )
    return [{ pod, budgets: mine.map(({ metadata }) => metadata.name) }]
  })
}

/** One line for each pod. */
export function heldText(held: readonly HeldPod[]): string {
  const lines = held.map(({ pod, budgets }) => {
    const named = budgets.length > 0 ? ` ${budgets.join(', ')}` : ''
    return `pod ${pod} was held back by its PodDisruptionBudget${named}`
  })
  return lines.join('\n')
}

/** Labels against a selector of Kubernetes. An empty one selects all, none selects nothing. */
export function selects(selector: Selector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false
  const { matchLabels = {}, matchExpressions = [] } = selector
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined
      if (operator === 'Exists') return value !== undefined
      if (operator === 'DoesNotExist') return value === undefined
      const isOne = value !== undefined && values.includes(value)
      return operator === 'In' ? isOne : operator === 'NotIn' && !isOne
    })
  )
}

/** Nothing, where the cluster gave no list: what the drain said is told all the same. */
function itemsOf<T extends KubeObject>(json: string): readonly T[] {
  try {
    return (JSON.parse(json) as { items?: readonly T[] }).items ?? []
  } catch {
    return []
  }
}
