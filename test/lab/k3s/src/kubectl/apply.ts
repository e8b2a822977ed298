import fs from 'node:fs'
import { mergePatch } from '../api/objects.js'
import { type KubeObject, pathOf, type Resource, resourceOf } from '../api/resources.js'
import { parseObjects } from '../controllers/manifests.js'
import { CommandError } from '../core/log.js'
import { type Connection, ServerError } from './connection.js'
import { type Args, flag } from './flags.js'

/** The objects of all -f files; `-` is stdin. */
export async function objectsOf(args: Args): Promise<KubeObject[]> {
  const files = args.flags.get('filename') ?? []
  if (files.length === 0) throw new CommandError('error: must specify one of -f and -k')
  const objects: KubeObject[] = []
  for (const file of files) {
    if (file !== '-' && !fs.existsSync(file))
      throw new CommandError(`error: the path "${file}" does not exist`)
    const names =
      file !== '-' && fs.statSync(file).isDirectory()
        ? fs
            .readdirSync(file)
            .filter((name) => /\.(ya?ml|json)$/.test(name))
            .map((name) => `${file}/${name}`)
        : [file]
    for (const name of names.sort())
      objects.push(...(await parseObjects(fs.readFileSync(name === '-' ? 0 : name, 'utf8'))))
  }
  if (objects.length === 0) throw new CommandError('error: no objects passed to apply')
  for (const object of objects)
    if (object.apiVersion === undefined || object.kind === undefined || object.metadata?.name === undefined)
      throw new CommandError(
        'error: error validating data: [apiVersion not set, kind not set or metadata.name not set]',
      )
  return objects
}

/** Where an object lives: its own namespace, else that of the call. */
export function placeOf(
  args: Args,
  object: KubeObject,
): { resource: Resource; namespace: string; label: string } {
  const resource = resourceOf(object.apiVersion, object.kind)
  const group = resource.apiVersion.includes('/') ? `.${resource.apiVersion.split('/')[0]}` : ''
  const namespace = object.metadata.namespace ?? flag(args, 'namespace') ?? 'default'
  return { resource, namespace, label: `${object.kind.toLowerCase()}${group}/${object.metadata.name}` }
}

/** `kubectl apply -f`. */
export async function apply(connection: Connection, args: Args): Promise<void> {
  for (const object of await objectsOf(args)) {
    const { resource, namespace, label } = placeOf(args, object)
    const path = pathOf(resource, namespace, object.metadata.name)
    let old: KubeObject | undefined
    try {
      old = await connection.call<KubeObject>('GET', path)
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== 404) throw error
    }
    if (old === undefined) await connection.call('POST', pathOf(resource, namespace), object)
    const same =
      old !== undefined && JSON.stringify(sorted(mergePatch(old, object))) === JSON.stringify(sorted(old))
    if (old !== undefined && !same) await connection.call('PATCH', path, object)
    process.stdout.write(`${label} ${old === undefined ? 'created' : same ? 'unchanged' : 'configured'}\n`)
  }
}

/** `kubectl create -f`, and `kubectl create namespace NAME`. */
export async function create(connection: Connection, args: Args): Promise<void> {
  const [kind, name] = args.words
  const named = kind === 'namespace' || kind === 'ns'
  const objects =
    named && name !== undefined
      ? [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }]
      : await objectsOf(args)
  for (const object of objects) {
    const { resource, namespace, label } = placeOf(args, object)
    await connection.call('POST', pathOf(resource, namespace), object)
    process.stdout.write(`${label} created\n`)
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([key, item]) => [key, sorted(item)]),
  )
}
