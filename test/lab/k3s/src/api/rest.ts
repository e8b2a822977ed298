import { driverAnnotation } from '../node/nodeObject.js'
import { Conflict, Unavailable } from '../store/kv.js'
import type { Store } from '../store/store.js'
import { checkEviction } from './evict.js'
import {
  ApiError,
  changeObject,
  createObject,
  deleteObject,
  getObject,
  listObjects,
  mergePatch,
  notFound,
} from './objects.js'
import { type KubeObject, type Resource, resourceByPath } from './resources.js'
import { matchesFields, matchesLabels } from './selectors.js'

/** A REST address of the Kubernetes API, taken apart. */
export interface Target {
  resource: Resource
  namespace?: string
  name?: string
  sub?: string
}

/** Parses `/api/v1/namespaces/a/pods/b/eviction` and the like; undefined when the path is none. */
function parseTarget(path: string): Target | undefined {
  const match = /^\/(?:api\/(v1)|apis\/([^/]+\/[^/]+))\/(.+)$/.exec(path)
  if (match === null) return undefined
  const apiVersion = match[1] ?? match[2] ?? ''
  const parts = (match[3] ?? '').split('/').map(decodeURIComponent)
  const scoped = parts[0] === 'namespaces' && parts.length > 2
  const [plural = '', name, sub] = scoped ? parts.slice(2) : parts
  return {
    resource: resourceByPath(apiVersion, plural),
    ...(scoped && parts[1] !== undefined ? { namespace: parts[1] } : {}),
    ...(name === undefined ? {} : { name }),
    ...(sub === undefined ? {} : { sub }),
  }
}

/** Runs one request on the store. @throws ApiError */
export async function rest(
  store: Store,
  method: string,
  url: URL,
  body: unknown,
): Promise<{ status: number; body: unknown }> {
  const target = parseTarget(url.pathname)
  if (target === undefined)
    throw new ApiError(404, 'NotFound', 'the server could not find the requested resource')
  try {
    return await dispatch(store, method, target, url, body)
  } catch (error) {
    if (error instanceof Conflict)
      throw new ApiError(409, 'Conflict', `Operation cannot be fulfilled: ${error.message}`)
    if (error instanceof Unavailable) throw new ApiError(500, 'InternalError', error.message)
    throw error
  }
}

async function dispatch(store: Store, method: string, target: Target, url: URL, body: unknown) {
  const { resource, namespace, name, sub } = target
  if (method === 'GET') return { status: 200, body: await get(store, target, url) }
  if (method === 'POST' && sub === 'eviction') return evict(store, target)
  if (method === 'POST')
    return { status: 201, body: await createObject(store, body as KubeObject, namespace) }
  if (name === undefined)
    throw new ApiError(
      405,
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
    )
  if (method === 'DELETE') return { status: 200, body: await deleteObject(store, resource, namespace, name) }
  if (method === 'PATCH')
    return {
      status: 200,
      body: await changeObject(
        store,
        resource,
        namespace,
        name,
        (old) => mergePatch(old, body) as KubeObject,
      ),
    }
  if (method === 'PUT')
    return {
      status: 200,
      body: await changeObject(store, resource, namespace, name, () => body as KubeObject),
    }
  throw new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  )
}

async function get(store: Store, { resource, namespace, name, sub }: Target, url: URL): Promise<unknown> {
  const kv = await store.read()
  if (name !== undefined) {
    const object = getObject(kv, resource, namespace, name)
    if (object === undefined) throw notFound(resource, name)
    if (sub !== undefined && url.pathname.endsWith('/proxy/configz'))
      return { kubeletconfig: { cgroupDriver: object.metadata.annotations?.[driverAnnotation] } }
    return object
  }
  const labels = url.searchParams.get('labelSelector')
  const fields = url.searchParams.get('fieldSelector')
  const items = listObjects(kv, resource, namespace)
    .filter((item) => labels === null || matchesLabels(item.metadata.labels ?? {}, labels))
    .filter((item) => fields === null || matchesFields(item, fields))
  const { apiVersion, kind } = resource
  return { apiVersion, kind: `${kind}List`, metadata: { resourceVersion: String(kv.rev) }, items }
}

async function evict(store: Store, { resource, namespace, name = '' }: Target) {
  const kv = await store.read()
  const pod = getObject(kv, resource, namespace, name)
  if (pod === undefined) throw notFound(resource, name)
  checkEviction(kv, pod)
  await deleteObject(store, resource, namespace, name)
  return { status: 201, body: { apiVersion: 'v1', kind: 'Status', status: 'Success' } }
}
