import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { ServerContext } from '../api/context.js'
import { ApiError, changeObject, createObject, deleteObject, getObject, mergePatch } from '../api/objects.js'
import { findResource, type KubeObject, type Resource, resourceOf } from '../api/resources.js'
import { readText } from '../core/files.js'
import { log, reason } from '../core/log.js'
import { localKv } from '../store/store.js'

const addons = findResource('addons') as Resource
const seen = new Map<string, string>()

function manifestFiles(directory: string): string[] {
  if (!fs.existsSync(directory)) return []
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
}

/** Reads the objects of a YAML text with any number of documents. */
export async function parseObjects(text: string): Promise<KubeObject[]> {
  const { parseAllDocuments } = await import('yaml')
  const documents = parseAllDocuments(text)
  return [documents].flat().flatMap((document) => {
    const first = 'errors' in document ? document.errors[0] : undefined
    if (first !== undefined) throw new Error(first.message)
    const object = document.toJSON() as KubeObject | null
    if (object === null) return []
    return object.kind === 'List' ? (object.items as KubeObject[]) : [object]
  })
}

async function applyObject(context: ServerContext, object: KubeObject): Promise<void> {
  const resource = resourceOf(object.apiVersion, object.kind)
  const { name, namespace = 'default' } = object.metadata
  const old = getObject(localKv(context.store), resource, namespace, name)
  if (old === undefined) await createObject(context.store, object, namespace)
  else
    await changeObject(
      context.store,
      resource,
      namespace,
      name,
      (now) => mergePatch(now, object) as KubeObject,
    )
}

/** Applies new and changed files of server/manifests; a `.skip` file beside one leaves it out. */
export async function deployManifests(context: ServerContext): Promise<void> {
  await dropDisabled(context)
  const directory = path.join(context.dirs.server, 'manifests')
  for (const file of manifestFiles(directory)) {
    if (fs.existsSync(`${file}.skip`)) continue
    const text = readText(file) ?? ''
    const checksum = createHash('sha256').update(text).digest('hex')
    if (seen.get(file) === checksum) continue
    try {
      for (const object of await parseObjects(text)) await applyObject(context, object)
      seen.set(file, checksum)
      await noteAddon(context, path.basename(file).replace(/\.\w+$/, ''), file, checksum)
    } catch (error) {
      if (error instanceof ApiError && error.status === 409) continue
      log('error', `Failed to process config: failed to process ${file}: ${reason(error)}`)
      if (!/timed out|leader/.test(reason(error))) seen.set(file, checksum)
    }
  }
}

async function noteAddon(
  context: ServerContext,
  name: string,
  source: string,
  checksum: string,
): Promise<void> {
  const old = getObject(localKv(context.store), addons, 'kube-system', name)
  if (old?.spec?.checksum === checksum) return
  const object = {
    apiVersion: addons.apiVersion,
    kind: 'Addon',
    metadata: { name },
    spec: { source, checksum },
  }
  if (old === undefined) await createObject(context.store, object, 'kube-system')
  else
    await changeObject(context.store, addons, 'kube-system', name, (now) => ({ ...now, spec: object.spec }))
}

/** Deletes what an addon deployed earlier, once its component is disabled. */
async function dropDisabled(context: ServerContext): Promise<void> {
  for (const name of context.config.list('disable')) {
    const addon = getObject(localKv(context.store), addons, 'kube-system', name)
    if (addon === undefined) continue
    for (const kind of ['deployments', 'helmcharts'] as const) {
      const resource = findResource(kind) as Resource
      if (getObject(localKv(context.store), resource, 'kube-system', name) !== undefined)
        await deleteObject(context.store, resource, 'kube-system', name)
    }
    await deleteObject(context.store, addons, 'kube-system', name)
  }
}
