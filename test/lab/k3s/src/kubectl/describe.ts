import type { KubeObject } from '../api/resources.js'
import { pathOf, pods } from '../api/resources.js'
import { CommandError } from '../core/log.js'
import type { Connection } from './connection.js'
import type { Args } from './flags.js'
import { fetchObjects, parseWanted } from './get.js'
import { nodeRoles, renderTable } from './table.js'

function block(name: string, values: string[]): string {
  const lines = values.length === 0 ? ['<none>'] : values
  return lines.map((line, i) => `${(i === 0 ? `${name}:` : '').padEnd(20)}${line}\n`).join('')
}

function pairs(map: Record<string, string> | undefined, separator: string): string[] {
  return Object.entries(map ?? {})
    .sort()
    .map(([key, value]) => `${key}${separator}${value}`)
}

async function describeNode(connection: Connection, node: KubeObject): Promise<string> {
  const taints: { key: string; value?: string; effect: string }[] = node.spec?.taints ?? []
  const conditions: Record<string, string>[] = node.status?.conditions ?? []
  const addresses: { type: string; address: string }[] = node.status?.addresses ?? []
  const name = node.metadata.name
  const mine = await connection.call<{ items: KubeObject[] }>(
    'GET',
    `${pathOf(pods)}?fieldSelector=spec.nodeName%3D${name}`,
  )
  const table = renderTable([
    ['  Type', 'Status', 'LastHeartbeatTime', 'LastTransitionTime', 'Reason', 'Message'],
    ...conditions.map((item) => [
      `  ${item.type}`,
      item.status ?? '',
      item.lastHeartbeatTime ?? '',
      item.lastTransitionTime ?? '',
      item.reason ?? '',
      item.message ?? '',
    ]),
  ])
  return [
    block('Name', [name]),
    block('Roles', [nodeRoles(node)]),
    block('Labels', pairs(node.metadata.labels, '=')),
    block('Annotations', pairs(node.metadata.annotations, ': ')),
    block(
      'Taints',
      taints.map(
        (taint) => `${taint.key}${taint.value === undefined ? '' : `=${taint.value}`}:${taint.effect}`,
      ),
    ),
    block('Unschedulable', [String(node.spec?.unschedulable === true)]),
    `Conditions:\n${table}`,
    `Addresses:\n${addresses.map((item) => `  ${item.type}:  ${item.address}\n`).join('')}`,
    `System Info:\n${Object.entries(node.status?.nodeInfo ?? {})
      .map(([key, value]) => `  ${key}:  ${value}\n`)
      .join('')}`,
    block('PodCIDR', [node.spec?.podCIDR ?? '<none>']),
    `Non-terminated Pods:  (${mine.items.length} in total)\n${mine.items.map((pod) => `  ${pod.metadata.namespace}  ${pod.metadata.name}\n`).join('')}`,
  ].join('')
}

/** `kubectl describe`. */
export async function describe(connection: Connection, args: Args): Promise<void> {
  const missing: string[] = []
  const texts: string[] = []
  for (const wanted of parseWanted(args.words))
    for (const object of await fetchObjects(connection, args, wanted, missing))
      texts.push(
        wanted.resource.plural === 'nodes'
          ? await describeNode(connection, object)
          : (await import('yaml')).stringify(object),
      )
  process.stdout.write(texts.join('\n\n'))
  if (missing.length > 0) throw new CommandError(missing.join('\n'))
}
