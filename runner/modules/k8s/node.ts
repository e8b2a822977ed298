import { ModuleFailure } from '../module.js'

/** What the cluster tells of a node, short. */
export interface NodeInfo {
  readonly name: string
  readonly ready: boolean
  /** Of its kubelet. */
  readonly version: string
  /** Status by type: `Ready: 'True'`. */
  readonly conditions: Readonly<Record<string, string>>
  readonly unschedulable: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** As kubectl writes them: `key=value:Effect`. */
  readonly taints: readonly string[]
  /** Whether it votes in etcd; null on a node that is no member. */
  readonly voter: boolean | null
  readonly addresses: readonly string[]
}

interface RawNode {
  readonly metadata?: {
    readonly name?: string
    readonly labels?: Record<string, string>
    readonly annotations?: Record<string, string>
  }
  readonly spec?: {
    readonly unschedulable?: boolean
    readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
  }
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[]
    readonly nodeInfo?: { readonly kubeletVersion?: string }
    readonly addresses?: readonly { readonly address: string }[]
  }
}

/** Reads what `kubectl get node NAME -o json` prints. @throws ModuleFailure when it is no node */
export function readNode(json: string): NodeInfo {
  const raw = parseNode(json)
  const conditions = Object.fromEntries(
    (raw.status?.conditions ?? []).map(({ type, status }) => [type, status]),
  )
  const voter = conditions.EtcdIsVoter
  return {
    name: raw.metadata?.name ?? '',
    ready: conditions.Ready === 'True',
    version: raw.status?.nodeInfo?.kubeletVersion ?? '',
    conditions,
    unschedulable: raw.spec?.unschedulable === true,
    labels: raw.metadata?.labels ?? {},
    annotations: raw.metadata?.annotations ?? {},
    taints: (raw.spec?.taints ?? []).map(
      ({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`,
    ),
    voter: voter === undefined ? null : voter === 'True',
    addresses: (raw.status?.addresses ?? []).map(({ address }) => address),
  }
}

function parseNode(json: string): RawNode {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null && 'metadata' in value) return value as RawNode
  } catch {
    // Said below, with what was printed.
  }
  throw new ModuleFailure(`kubectl printed no node: ${json.slice(0, 200)}`)
}
