import { type KubeObject, pathOf, pods } from '../api/resources.js'
import { matchesLabels } from '../api/selectors.js'
import { passFault } from '../core/faults.js'
import { CommandError, sleep } from '../core/log.js'
import { type Connection, ServerError } from './connection.js'
import { nodesNamed, setSchedulable } from './cordon.js'
import { type Args, durationMs, flag, isOn } from './flags.js'

const ref = (pod: KubeObject): string => `${pod.metadata.namespace}/${pod.metadata.name}`

/** Sorts a node's pods into those to evict and the reasons why a drain cannot begin. */
export function planDrain(
  all: readonly KubeObject[],
  args: Args,
): { evict: KubeObject[]; ignored: KubeObject[]; errors: string[] } {
  const isDaemon = (pod: KubeObject): boolean =>
    (pod.metadata.ownerReferences ?? []).some((owner) => owner.kind === 'DaemonSet')
  const isMirror = (pod: KubeObject): boolean =>
    pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined
  const selector = flag(args, 'pod-selector')
  const chosen = all.filter(
    (pod) => selector === undefined || matchesLabels(pod.metadata.labels ?? {}, selector),
  )
  const ignored = chosen.filter((pod) => isDaemon(pod) || isMirror(pod))
  const evict = chosen.filter((pod) => !ignored.includes(pod))
  const names = (list: KubeObject[]): string => list.map(ref).join(', ')
  const daemons = ignored.filter(isDaemon)
  const local = evict.filter((pod) =>
    (pod.spec?.volumes ?? []).some((volume: object) => 'emptyDir' in volume),
  )
  const bare = evict.filter((pod) => (pod.metadata.ownerReferences ?? []).length === 0)
  const errors: string[] = []
  if (daemons.length > 0 && !isOn(args, 'ignore-daemonsets'))
    errors.push(`cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): ${names(daemons)}`)
  if (local.length > 0 && !isOn(args, 'delete-emptydir-data') && !isOn(args, 'delete-local-data'))
    errors.push(
      `cannot delete Pods with local storage (use --delete-emptydir-data to override): ${names(local)}`,
    )
  if (bare.length > 0 && !isOn(args, 'force'))
    errors.push(
      `cannot delete cannot delete Pods that declare no controller (use --force to override): ${names(bare)}`,
    )
  return { evict, ignored, errors }
}

/** `kubectl drain`. */
export async function drain(connection: Connection, args: Args): Promise<void> {
  const timeout = durationMs(flag(args, 'timeout') ?? '0')
  const end = timeout === 0 ? Number.POSITIVE_INFINITY : Date.now() + timeout
  for (const node of await nodesNamed(connection, args)) {
    await setSchedulable(connection, node, false)
    const name = node.metadata.name
    const all = await connection.call<{ items: KubeObject[] }>(
      'GET',
      `${pathOf(pods)}?fieldSelector=spec.nodeName%3D${name}`,
    )
    const plan = planDrain(all.items, args)
    if (plan.errors.length > 0)
      throw new CommandError(
        `error: unable to drain node "${name}" due to error: [${plan.errors.join(', ')}], continuing command...\nThere are pending nodes to be drained:\n ${name}\n${plan.errors.join('\n')}`,
      )
    if (plan.ignored.length > 0)
      process.stderr.write(`Warning: ignoring DaemonSet-managed Pods: ${plan.ignored.map(ref).join(', ')}\n`)
    await waitForFault(name, end)
    await Promise.all(plan.evict.map((pod) => evict(connection, args, pod, end, timeout, name)))
    process.stdout.write(`node/${name} drained\n`)
  }
}

/** Holds up a drain where the fault switch says so, but not beyond --timeout. */
async function waitForFault(node: string, end: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    if (Number.isFinite(end)) timer = setTimeout(() => resolve(true), end - Date.now())
  })
  const isLate = await Promise.race([passFault('drain', node).then(() => false), late])
  clearTimeout(timer)
  if (isLate)
    throw new CommandError(
      `error: unable to drain node "${node}" due to error: global timeout reached, continuing command...\nThere are pending nodes to be drained:\n ${node}`,
    )
}

async function evict(
  connection: Connection,
  args: Args,
  pod: KubeObject,
  end: number,
  timeout: number,
  node: string,
): Promise<void> {
  const { namespace, name } = pod.metadata
  const path = pathOf(pods, namespace, name)
  process.stdout.write(`evicting pod ${ref(pod)}\n`)
  for (;;) {
    try {
      if (isOn(args, 'disable-eviction')) await connection.call('DELETE', path)
      else
        await connection.call('POST', `${path}/eviction`, {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name, namespace },
        })
      process.stdout.write(`pod/${name} evicted\n`)
      return
    } catch (error) {
      if (!(error instanceof ServerError)) throw error
      if (error.status === 404) return
      if (error.status !== 429) throw error
      const text = error.message.replace(/^Error from server \(TooManyRequests\): /, '')
      process.stderr.write(
        `error when evicting pods/"${name}" -n "${namespace}" (will retry after 5s): ${text}\n`,
      )
      const left = end - Date.now()
      if (left > 0) await sleep(Math.min(left, 1000))
      if (Date.now() >= end)
        throw new CommandError(
          `error: unable to drain node "${node}" due to error: error when evicting pods/"${name}" -n "${namespace}": global timeout reached: ${timeout / 1000}s, continuing command...\nThere are pending nodes to be drained:\n ${node}`,
        )
    }
  }
}
