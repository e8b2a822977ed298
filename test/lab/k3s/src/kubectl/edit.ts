import { type KubeObject, nodes, pathOf, type Resource } from '../api/resources.js'
import { CommandError } from '../core/log.js'
import type { Connection } from './connection.js'
import { type Args, flag, isOn } from './flags.js'
import { fetchObjects, namespaceOf, parseWanted, resourceNamed } from './get.js'

/** Changes asked for on the command line: values to set, and keys to take away. */
export interface Changes {
  set: Record<string, string>
  remove: string[]
}

/** Whether a word is `key=value` or `key-`, not a name. */
export function isChange(word: string): boolean {
  return word.includes('=') || /[^-]-$/.test(word)
}

/** Parses `key=value` and `key-` words. */
export function parseChanges(words: readonly string[]): Changes {
  const changes: Changes = { set: {}, remove: [] }
  for (const word of words) {
    const [key = '', value] = word.split(/=(.*)/s)
    if (value !== undefined) changes.set[key] = value
    else changes.remove.push(word.slice(0, -1))
  }
  return changes
}

async function targets(
  connection: Connection,
  args: Args,
  words: string[],
): Promise<{ resource: Resource; objects: KubeObject[] }> {
  const all = isOn(args, 'all') || flag(args, 'selector') !== undefined
  const wanted = parseWanted(words)[0]
  if (wanted === undefined || (wanted.names.length === 0 && !all))
    throw new CommandError('error: resource(s) were provided, but no name was specified')
  const names = words.some((word) => word.includes('/'))
    ? words.map((word) => word.split('/')[1] ?? '')
    : wanted.names
  const missing: string[] = []
  const objects = await fetchObjects(connection, args, { resource: wanted.resource, names }, missing)
  if (missing.length > 0) throw new CommandError(missing.join('\n'))
  return { resource: wanted.resource, objects }
}

async function editMap(
  connection: Connection,
  args: Args,
  field: 'labels' | 'annotations',
  done: string,
): Promise<void> {
  const changes = parseChanges(args.words.filter(isChange))
  const { resource, objects } = await targets(
    connection,
    args,
    args.words.filter((word) => !isChange(word)),
  )
  for (const object of objects) {
    const old = object.metadata[field] ?? {}
    for (const [key, value] of Object.entries(changes.set))
      if (old[key] !== undefined && old[key] !== value && !isOn(args, 'overwrite'))
        throw new CommandError(`error: '${key}' already has a value (${old[key]}), and --overwrite is false`)
    const wanted: Record<string, string | null> = { ...changes.set }
    for (const key of changes.remove) wanted[key] = null
    const path = pathOf(resource, object.metadata.namespace ?? namespaceOf(args), object.metadata.name)
    const differs = Object.entries(wanted).some(([key, value]) => (old[key] ?? null) !== value)
    if (differs) await connection.call('PATCH', path, { metadata: { [field]: wanted } })
    const word = differs
      ? field === 'labels' && Object.keys(changes.set).length === 0
        ? 'unlabeled'
        : done
      : field === 'labels'
        ? 'not labeled'
        : done
    process.stdout.write(`${resource.kind.toLowerCase()}/${object.metadata.name} ${word}\n`)
  }
}

export const label = (connection: Connection, args: Args): Promise<void> =>
  editMap(connection, args, 'labels', 'labeled')
export const annotate = (connection: Connection, args: Args): Promise<void> =>
  editMap(connection, args, 'annotations', 'annotated')

interface Taint {
  key: string
  value?: string
  effect: string
}

/** Parses kubectl's taint words: `key=value:Effect`, `key:Effect`, `key:Effect-`, `key-`. */
export function parseTaintWord(word: string): {
  key: string
  value?: string
  effect?: string
  remove: boolean
} {
  const match = /^([^=:]+?)(?:=([^:]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?(-)?$/.exec(word)
  if (match === null || (match[3] === undefined && match[4] === undefined))
    throw new CommandError(`error: invalid taint spec: ${word}`)
  const [, key = '', value, effect, minus] = match
  return {
    key,
    ...(value === undefined || value === '' ? {} : { value }),
    ...(effect === undefined ? {} : { effect }),
    remove: minus !== undefined,
  }
}

/** Applies taint words to a list. @throws CommandError when one exists (without overwrite) or is missing */
export function changeTaints(
  old: readonly Taint[],
  words: readonly string[],
  overwrite: boolean,
  node: string,
): Taint[] {
  let taints = [...old]
  for (const { key, value, effect, remove } of words.map(parseTaintWord)) {
    const isIt = (taint: Taint): boolean =>
      taint.key === key && (effect === undefined || taint.effect === effect)
    const found = taints.some(isIt)
    if (remove && !found)
      throw new CommandError(`error: taint "${key}${effect === undefined ? '' : `:${effect}`}" not found`)
    if (!remove && found && !overwrite)
      throw new CommandError(
        `error: node ${node} already has ${key} taint(s) with same effect(s) and --overwrite is false`,
      )
    taints = taints.filter((taint) => !isIt(taint))
    if (!remove && effect !== undefined)
      taints.push({ key, ...(value === undefined ? {} : { value }), effect })
  }
  return taints
}

/** `kubectl taint nodes NAME …`. */
export async function taint(connection: Connection, args: Args): Promise<void> {
  const isTaint = (word: string): boolean =>
    /[=:]|-$/.test(word) && !word.includes('/') ? true : /:/.test(word) || /-$/.test(word)
  const words = args.words.filter((word, i) => i > 0 && isTaint(word) && /[:]|[^-]-$/.test(word))
  const { objects } = await targets(
    connection,
    args,
    args.words.filter((word) => !words.includes(word)),
  )
  for (const node of objects) {
    const taints = changeTaints(node.spec?.taints ?? [], words, isOn(args, 'overwrite'), node.metadata.name)
    await connection.call('PATCH', pathOf(nodes, undefined, node.metadata.name), {
      spec: { taints: taints.length === 0 ? null : taints },
    })
    process.stdout.write(
      `node/${node.metadata.name} ${words.every((word) => word.endsWith('-')) ? 'untainted' : 'tainted'}\n`,
    )
  }
}

/** `kubectl patch TYPE NAME -p …`, always as a merge patch. */
export async function patch(connection: Connection, args: Args): Promise<void> {
  const [kind = '', named] = args.words[0]?.includes('/') === true ? args.words[0].split('/') : args.words
  const resource = resourceNamed(kind)
  const { parse } = await import('yaml')
  const body: unknown = parse(flag(args, 'patch') ?? '')
  await connection.call('PATCH', pathOf(resource, namespaceOf(args), named ?? ''), body)
  process.stdout.write(`${resource.kind.toLowerCase()}/${named} patched\n`)
}
