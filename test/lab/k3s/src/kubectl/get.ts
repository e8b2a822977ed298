import { findResource, type KubeObject, pathOf, type Resource, resourceOf } from '../api/resources.js'
import { CommandError } from '../core/log.js'
import { type Connection, ServerError, statusError } from './connection.js'
import { type Args, flag, isOn } from './flags.js'
import { renderJsonPath, select } from './jsonpath.js'
import { objectRows, renderTable } from './table.js'

/** A kind with the names asked for; no names means all. */
export interface Wanted {
  resource: Resource
  names: string[]
}

/** @throws CommandError as kubectl does for a kind it does not know */
export function resourceNamed(word: string): Resource {
  const found = findResource(word)
  if (found !== undefined) return found
  // Custom ones: `Cron.v1.lab.example` and `crons.lab.example`.
  const [, kind = '', version = '', ofKind = ''] = /^([A-Z]\w*)\.(v\d\w*)\.(.+)$/.exec(word) ?? []
  if (kind !== '') return resourceOf(`${ofKind}/${version}`, kind)
  const [, plural = '', group = ''] = /^([a-z]+)\.([a-z0-9-]+(?:\.[a-z0-9-]+)+)$/.exec(word) ?? []
  if (plural !== '') return { kind: '', plural, apiVersion: `${group}/v1`, namespaced: true, short: [] }
  if (/^[A-Z]/.test(word)) return resourceOf('v1', word)
  throw new CommandError(`error: the server doesn't have a resource type "${word}"`)
}

/** Reads `TYPE[,TYPE] [NAME…]` or `TYPE/NAME …`. */
export function parseWanted(words: readonly string[]): Wanted[] {
  if (words.length === 0) throw new CommandError('error: Required resource not specified.')
  if (words.some((word) => word.includes('/')))
    return words.map((word) => {
      const [kind = '', name = ''] = word.split('/')
      return { resource: resourceNamed(kind), names: [name] }
    })
  const [kinds = '', ...names] = words
  return kinds.split(',').map((kind) => ({ resource: resourceNamed(kind), names }))
}

export function namespaceOf(args: Args): string {
  return flag(args, 'namespace') ?? 'default'
}

/** Fetches the objects asked for; `missing` collects the errors of names that are not there. */
export async function fetchObjects(
  connection: Connection,
  args: Args,
  wanted: Wanted,
  missing: string[],
): Promise<KubeObject[]> {
  const { resource, names } = wanted
  const namespace = isOn(args, 'all-namespaces') ? undefined : namespaceOf(args)
  if (names.length > 0) {
    const found: KubeObject[] = []
    for (const name of names) {
      try {
        found.push(await connection.call<KubeObject>('GET', pathOf(resource, namespace ?? 'default', name)))
      } catch (error) {
        if (!(error instanceof ServerError) || error.status !== 404) throw error
        missing.push(error.message)
      }
    }
    return found
  }
  const query = new URLSearchParams()
  const [labels, fields] = [flag(args, 'selector'), flag(args, 'field-selector')]
  if (labels !== undefined) query.set('labelSelector', labels)
  if (fields !== undefined) query.set('fieldSelector', fields)
  const suffix = query.size === 0 ? '' : `?${query}`
  return (await connection.call<{ items: KubeObject[] }>('GET', pathOf(resource, namespace) + suffix)).items
}

/** `kubectl get`. */
export async function get(connection: Connection, args: Args): Promise<void> {
  const path = flag(args, 'raw')
  if (path !== undefined) return getRaw(connection, path)
  const wanted = parseWanted(args.words)
  const missing: string[] = []
  const groups: { resource: Resource; objects: KubeObject[] }[] = []
  for (const item of wanted)
    groups.push({ resource: item.resource, objects: await fetchObjects(connection, args, item, missing) })
  const single = wanted.length === 1 && wanted[0]?.names.length === 1
  if (missing.length === 0 || groups.some((group) => group.objects.length > 0))
    await print(args, groups, single)
  if (missing.length > 0 && !isOn(args, 'ignore-not-found')) throw new CommandError(missing.join('\n'))
}

async function getRaw(connection: Connection, path: string): Promise<void> {
  const reply = await connection.raw('GET', path)
  if (reply.status < 200 || reply.status > 299) throw statusError(reply)
  process.stdout.write(reply.text)
}

async function print(
  args: Args,
  groups: { resource: Resource; objects: KubeObject[] }[],
  single: boolean,
): Promise<void> {
  const output = flag(args, 'output') ?? ''
  const objects = groups.flatMap((group) => group.objects)
  if (output === '' || output === 'wide') return printTables(args, groups, output === 'wide')
  if (single && objects.length === 0) return
  const data = single
    ? objects[0]
    : { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items: objects }
  const [format = '', template = ''] = output.split(/=(.*)/s)
  if (format === 'json') process.stdout.write(`${JSON.stringify(data, null, 4)}\n`)
  else if (format === 'yaml') process.stdout.write((await import('yaml')).stringify(data))
  else if (format === 'name') printNames(groups)
  else if (format === 'jsonpath') process.stdout.write(renderJsonPath(template, data))
  else if (format === 'custom-columns') printColumns(args, template, objects)
  else throw new CommandError(`error: unable to match a printer suitable for the output format "${output}"`)
}

function printNames(groups: { resource: Resource; objects: KubeObject[] }[]): void {
  for (const { resource, objects } of groups) {
    const group = resource.apiVersion.includes('/') ? `.${resource.apiVersion.split('/')[0]}` : ''
    for (const object of objects)
      process.stdout.write(`${resource.kind.toLowerCase()}${group}/${object.metadata.name}\n`)
  }
}

function printColumns(args: Args, template: string, objects: KubeObject[]): void {
  const columns = template.split(',').map((column) => column.split(/:(.*)/s) as [string, string])
  const cell = (object: KubeObject, path: string): string => {
    const values = select(path.replace(/^\{|\}$/g, ''), object, object)
    return values.length === 0
      ? '<none>'
      : values.map((value) => (typeof value === 'object' ? JSON.stringify(value) : String(value))).join(',')
  }
  const rows = objects.map((object) => columns.map(([, path]) => cell(object, path)))
  process.stdout.write(
    renderTable(isOn(args, 'no-headers') ? rows : [columns.map(([header]) => header), ...rows]),
  )
}

function printTables(
  args: Args,
  groups: { resource: Resource; objects: KubeObject[] }[],
  wide: boolean,
): void {
  let shown = 0
  for (const { resource, objects } of groups) {
    if (objects.length === 0) continue
    const namespaces = isOn(args, 'all-namespaces') && resource.namespaced
    const rows = objectRows(resource, objects, { wide, namespaces, labels: isOn(args, 'show-labels') })
    process.stdout.write(renderTable(isOn(args, 'no-headers') ? rows.slice(1) : rows))
    shown += objects.length
  }
  if (shown > 0) return
  const all = isOn(args, 'all-namespaces') || groups.every((group) => !group.resource.namespaced)
  process.stderr.write(`No resources found${all ? '' : ` in ${namespaceOf(args)} namespace.`}\n`)
}
