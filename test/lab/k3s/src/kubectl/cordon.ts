import { type KubeObject, nodes, pathOf } from '../api/resources.js'
import { CommandError } from '../core/log.js'
import type { Connection } from './connection.js'
import { type Args, flag } from './flags.js'
import { fetchObjects } from './get.js'

/** Nodes by name, `node/name` or -l. @throws CommandError when one is missing */
export async function nodesNamed(connection: Connection, args: Args): Promise<KubeObject[]> {
  const names = args.words.map((word) => word.replace(/^(nodes?|no)\//, ''))
  if (names.length === 0 && flag(args, 'selector') === undefined)
    throw new CommandError('error: USAGE: cordon NODE [flags]')
  const missing: string[] = []
  const found = await fetchObjects(connection, args, { resource: nodes, names }, missing)
  if (missing.length > 0) throw new CommandError(missing.join('\n'))
  return found
}

/** Makes a node (un)schedulable and says so as kubectl does. */
export async function setSchedulable(
  connection: Connection,
  node: KubeObject,
  schedulable: boolean,
): Promise<void> {
  const word = schedulable ? 'uncordoned' : 'cordoned'
  const already = (node.spec?.unschedulable === true) === !schedulable
  if (!already)
    await connection.call('PATCH', pathOf(nodes, undefined, node.metadata.name), {
      spec: { unschedulable: schedulable ? null : true },
    })
  process.stdout.write(`node/${node.metadata.name} ${already ? `already ${word}` : word}\n`)
}

export async function cordon(connection: Connection, args: Args): Promise<void> {
  for (const node of await nodesNamed(connection, args)) await setSchedulable(connection, node, false)
}

export async function uncordon(connection: Connection, args: Args): Promise<void> {
  for (const node of await nodesNamed(connection, args)) await setSchedulable(connection, node, true)
}
