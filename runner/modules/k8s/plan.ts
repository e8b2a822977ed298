import type { NodeArgs, NodeState } from '../k8s-node.js'
import type { Change } from '../module.js'
import type { NodeInfo } from './node.js'

/** One kubectl that applying runs: what it does, and its words. */
export interface NodeStep {
  readonly doing: string
  readonly words: readonly string[]
}

/** @throws ModuleFailure for a node that the cluster does not know, unless it shall be absent */
export function planNode(args: NodeArgs, { node, pods }: NodeState): Change<readonly NodeStep[]> | undefined {
  const { name } = args
  const wantsNode =
    args.state === 'info' && (args.schedulable !== undefined || args.drain || args.taints || hasLabels(args))
  if (node === null) {
    if (!wantsNode) return undefined
    return { summary: [`change node ${name}`], requires: [`node:${name}`], data: [] }
  }
  const steps = [
    ...scheduleSteps(args, node, pods),
    ...labelSteps(args, node),
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

const hasLabels = (args: NodeArgs) => Object.keys(args.labels).length > 0

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
    return [{ doing: `drain node ${name} (${pods.length} pods)`, words }]
  }
  if (schedulable === undefined || schedulable !== node.unschedulable) return []
  const verb = schedulable ? 'uncordon' : 'cordon'
  return [{ doing: `${verb} node ${name}`, words: [verb, name] }]
}

function labelSteps({ name, labels }: NodeArgs, node: NodeInfo): NodeStep[] {
  const words = Object.entries(labels).flatMap(([key, value]) => {
    const now = node.labels[key]
    if (value === null) return now === undefined ? [] : [`${key}-`]
    return now === value ? [] : [`${key}=${value}`]
  })
  if (words.length === 0) return []
  return [
    {
      doing: `label node ${name}: ${words.join(' ')}`,
      words: ['label', 'node', name, '--overwrite', ...words],
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
  const schedule = (unschedulable: boolean) => (unschedulable ? 'cordoned\n' : 'schedulable\n')
  const labels = Object.keys(args.labels).map((key) => `label ${key}=${node.labels[key] ?? ''}\n`)
  const before = `${schedule(node.unschedulable)}${labels.join('')}${node.taints.map((t) => `taint ${t}\n`).join('')}`
  const moved = args.drain ? pods.map((pod) => `pod ${pod}\n`).join('') : ''
  if (args.state === 'absent') return { subject, before: before + moved, after: '' }
  const unschedulable = args.drain
    ? true
    : args.schedulable === undefined
      ? node.unschedulable
      : !args.schedulable
  const after = Object.entries(args.labels).map(([key, value]) => `label ${key}=${value ?? ''}\n`)
  const taints = args.taints ? [...node.taints.filter(isOwn), ...args.taints] : node.taints
  return {
    subject,
    before: before + moved,
    after: `${schedule(unschedulable)}${after.join('')}${taints.map((t) => `taint ${t}\n`).join('')}`,
  }
}
