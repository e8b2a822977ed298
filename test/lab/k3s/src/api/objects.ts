import { randomUUID } from 'node:crypto'
import { type Kv, Unavailable } from '../store/kv.js'
import { type Store, update } from '../store/store.js'
import { type KubeObject, keyOf, nodes, prefixOf, type Resource, resourceOf, secrets } from './resources.js'

/** An error with the status that Kubernetes would give it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
  ) {
    super(message)
  }
}

export function notFound(resource: Resource, name: string): ApiError {
  const group = resource.apiVersion.includes('/') ? `.${resource.apiVersion.split('/')[0]}` : ''
  return new ApiError(404, 'NotFound', `${resource.plural}${group} "${name}" not found`)
}

/** All objects of a kind in a state, by key order; with resourceVersion. */
export function listObjects(kv: Kv, resource: Resource, namespace?: string): KubeObject[] {
  const prefix = prefixOf(resource) + (namespace === undefined || !resource.namespaced ? '' : `${namespace}/`)
  return [...kv.data.keys()]
    .filter((key) => key.startsWith(prefix))
    .sort()
    .map((key) => shown(kv, key))
}

/** What is stored is never changed in place, so only what is added is made anew: controllers look several times a second. */
function shown(kv: Kv, key: string): KubeObject {
  const entry = kv.data.get(key)
  const object = entry?.value as KubeObject
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(entry?.mod ?? 0) } }
}

/** One object; undefined when it does not exist. */
export function getObject(
  kv: Kv,
  resource: Resource,
  namespace: string | undefined,
  name: string,
): KubeObject | undefined {
  const key = keyOf(resource, namespace, name)
  return kv.data.has(key) ? shown(kv, key) : undefined
}

function stored(object: KubeObject): KubeObject {
  const { resourceVersion: _dropped, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** Stores a new object. @throws ApiError 409 when it exists, 404 when its namespace does not. */
export async function createObject(
  store: Store,
  object: KubeObject,
  namespace?: string,
): Promise<KubeObject> {
  const resource = resourceOf(object.apiVersion, object.kind)
  const metadata = { ...object.metadata }
  if (resource.namespaced) metadata.namespace = namespace ?? metadata.namespace ?? 'default'
  if (metadata.name === undefined && metadata.generateName !== undefined)
    metadata.name = metadata.generateName + randomUUID().slice(0, 5)
  metadata.uid = randomUUID()
  metadata.creationTimestamp = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  const ready = stored({ ...object, metadata })
  if (resource.plural === 'pods') ready.status ??= { phase: 'Pending' }
  await update<KubeObject>(store, keyOf(resource, metadata.namespace, metadata.name), (old) => {
    if (old !== undefined)
      throw new ApiError(409, 'AlreadyExists', `${resource.plural} "${metadata.name}" already exists`)
    return ready
  })
  return ready
}

/** Changes an object. @throws ApiError 404 when it is not there. */
export async function changeObject(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  name: string,
  change: (object: KubeObject) => KubeObject,
): Promise<KubeObject> {
  let result: KubeObject | undefined
  await update<KubeObject>(store, keyOf(resource, namespace, name), (old) => {
    if (old === undefined) throw notFound(resource, name)
    result = stored(change(old))
    return result
  })
  if (result === undefined) throw new Unavailable('etcdserver: request timed out')
  return result
}

/** Name of the secret that keeps the hash of a node's password. */
export function nodePasswordSecret(nodeName: string): string {
  return `${nodeName}.node-password.k3s`
}

/** Deletes an object; a Node takes its password secret with it. @throws ApiError 404 */
export async function deleteObject(
  store: Store,
  resource: Resource,
  namespace: string | undefined,
  name: string,
): Promise<KubeObject> {
  const kv = await store.read()
  const object = getObject(kv, resource, namespace, name)
  if (object === undefined) throw notFound(resource, name)
  const del = [keyOf(resource, namespace, name)]
  if (resource === nodes) del.push(keyOf(secrets, 'kube-system', nodePasswordSecret(name)))
  if (resource.plural === 'namespaces')
    del.push(
      ...[...kv.data.keys()].filter((key) => key.startsWith('/registry/') && key.includes(`/${name}/`)),
    )
  await store.txn({ del })
  return object
}

/** RFC 7386 merge patch; null deletes. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (patch === null || typeof patch !== 'object' || Array.isArray(patch)) return patch
  const result: Record<string, unknown> =
    target !== null && typeof target === 'object' && !Array.isArray(target)
      ? { ...(target as Record<string, unknown>) }
      : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}
