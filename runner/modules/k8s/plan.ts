import type { NodeArgs, NodeState } from '../k8s-node.js'
import type { Change } from '../module.js'
import type { NodeInfo } from './node.js'

/** One kubectl that applying runs: what it does, and its words. */
export interface NodeStep {
  readonly doing: string
  readonly words: readonly string[]
  /** Pods may refuse to go. */
  readonly drains?: true
}

/** @throws ModuleFailure for a node that the cluster does not know, unless it shall be absent */
export function planNode(args: NodeArgs, { node, pods }: NodeState): Change<readonly NodeStep[]> | undefined {
  const { name } = args
  if (node === null) {
    if (args.state === 'absent' || !changesNode(args)) return undefined
    return { summary: [`change node ${name}`], requires: [`node:${name}`], data: [] }
  }
  const steps = [
    ...scheduleSteps(args, node, pods),
    ...labelSteps(args, node),
    ...annotationSteps(args, node),
    ...taintSteps(args, node),
    ...(args.state === 'absent'
      ? [{ doing: `delete node ${name}`, words: ['delete', 'node', name, '--wait=true'] }]
      : []),
  ]
  if (steps.length === 0) return undefined
  return {
    summary: steps.map(({ doing }) => doing),
    differences: [difference(args, node, pods)],
    data: steps,
  }
}

/** Whether anything of the node shall be as told. */
export function changesNode(
  args: Pick<NodeArgs, 'schedulable' | 'drain' | 'taints' | 'labels' | 'annotations'>,
): boolean {
  const { schedulable, drain, taints, labels, annotations } = args
  const hasValues = Object.keys({ ...labels, ...annotations }).length > 0
  return schedulable !== undefined || drain !== undefined || taints !== undefined || hasValues
}

function scheduleSteps(
  { name, drain, schedulable }: NodeArgs,
  node: NodeInfo,
  pods: readonly string[],
): NodeStep[] {
  if (drain) {
    if (node.unschedulable && pods.length === 0) return []
    const words = ['drain', name, `--timeout=${Math.ceil(drain.timeout)}s`]
    if (drain.ignore_daemonsets) words.push('--ignore-daemonsets')
    if (drain.delete_emptydir_data) words.push('--delete-emptydir-data')
    if (drain.force) words.push('--force')
    if (drain.disable_eviction) words.push('--disable-eviction')
    if (drain.grace_period !== undefined) words.push(`--grace-period=${drain.grace_period}`)
    return [{ doing: `drain node ${name} (${pods.length} pods)`, words, drains: true }]
  }
  if (schedulable === undefined || schedulable !== node.unschedulable) return []
  const verb = schedulable ? 'uncordon' : 'cordon'
  return [{ doing: `${verb} node ${name}`, words: [verb, name] }]
}

type Values = Readonly<Record<string, string | null>>
type Found = Readonly<Record<string, string>>

const valueAt = (found: Found, key: string) => (Object.hasOwn(found, key) ? (found[key] ?? null) : null)

/** Keys whose value is another than wanted. */
function differing(wanted: Values, found: Found): string[] {
  return Object.keys(wanted).filter((key) => valueAt(found, key) !== wanted[key])
}

/** As kubectl takes them: `key=value`, and `key-` for one that goes. */
function valueWords(wanted: Values, found: Found): string[] {
  return differing(wanted, found).map((key) => (wanted[key] === null ? `${key}-` : `${key}=${wanted[key]}`))
}

function labelSteps({ name, labels }: NodeArgs, node: NodeInfo): NodeStep[] {
  const words = valueWords(labels, node.labels)
  if (words.length === 0) return []
  return [
    {
      doing: `label node ${name}: ${words.join(' ')}`,
      words: ['label', 'node', name, '--overwrite', ...words],
    },
  ]
}

function annotationSteps({ name, annotations }: NodeArgs, node: NodeInfo): NodeStep[] {
  const words = valueWords(annotations, node.annotations)
  if (words.length === 0) return []
  return [
    {
      // Keys alone: an annotation may be a page long. The difference has the values.
      doing: `annotate node ${name}: ${differing(annotations, node.annotations).join(' ')}`,
      words: ['annotate', 'node', name, '--overwrite', ...words],
    },
  ]
}

// Kubernetes sets and removes these by itself (not-ready, unschedulable, disk pressure, …).
const isOwn = (taint: string) => /^node(\.cloudprovider)?\.kubernetes\.io\//.test(taint)

function taintSteps({ name, taints }: NodeArgs, node: NodeInfo): NodeStep[] {
  if (taints === undefined) return []
  const normal = taints.map((taint) => taint.replace('=:', ':'))
  const bare = (taint: string) => taint.replace(/=[^:]*/, '')
  const extra = node.taints.filter(
    (taint) => !isOwn(taint) && !normal.some((want) => bare(want) === bare(taint)),
  )
  const words = [
    ...extra.map((taint) => `${bare(taint)}-`),
    ...normal.filter((taint) => !node.taints.includes(taint)),
  ]
  if (words.length === 0) return []
  return [
    {
      doing: `taint node ${name}: ${words.join(' ')}`,
      words: ['taint', 'node', name, '--overwrite', ...words],
    },
  ]
}

function difference(args: NodeArgs, node: NodeInfo, pods: readonly string[]) {
  const subject = `node ${node.name}`
  const now = describeNode({
    unschedulable: node.unschedulable,
    labels: pick(args.labels, node.labels),
    annotations: pick(args.annotations, node.annotations),
    taints: node.taints,
  })
  const before = now + (args.drain ? lines('pod', pods) : '')
  if (args.state === 'absent') return { subject, before, after: '' }
  const { drain, schedulable = !node.unschedulable, labels, annotations } = args
  const taints = args.taints ? [...node.taints.filter(isOwn), ...args.taints] : node.taints
  return {
    subject,
    before,
    after: describeNode({ unschedulable: drain !== undefined || !schedulable, labels, annotations, taints }),
  }
}

/** What is found of the values that are asked for. */
function pick(wanted: Values, found: Found): Values {
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, valueAt(found, key)]))
}

const lines = (word: string, values: readonly string[]) => values.map((one) => `${word} ${one}\n`).join('')
const pairs = (values: Values) =>
  Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]))

function describeNode(node: {
  readonly unschedulable: boolean
  readonly labels: Values
  readonly annotations: Values
  readonly taints: readonly string[]
}): string {
  const schedule = node.unschedulable ? 'cordoned\n' : 'schedulable\n'
  const values = lines('label', pairs(node.labels)) + lines('annotation', pairs(node.annotations))
  return schedule + values + lines('taint', node.taints)
}
