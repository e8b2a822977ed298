import fs from 'node:fs'
import type { ServerContext } from '../api/context.js'
import { type Critical, criticalMismatch } from '../config/critical.js'
import type { Client } from '../core/client.js'
import { HttpError } from '../core/client.js'
import { Fatal, log, reason, sleep } from '../core/log.js'
import { configuredToken, connect, serverUrl } from '../node/access.js'
import { ensureCas, ensureLeaves, exportCas, importCas } from '../pki/serverPki.js'
import { etcdDisk, sqliteDisk } from '../store/disk.js'
import { openExternal } from '../store/external.js'
import type { Member } from '../store/members.js'
import { etcdExists, openStore } from '../store/open.js'
import { openRemote } from '../store/remote.js'
import { localKv, type Store, update } from '../store/store.js'
import { bootstrapKey, type Sealed, seal, unseal } from './bootstrap.js'

/** What a server that leads does for the others. */
function leaderRoutes(context: ServerContext): (route: string, body: unknown) => Promise<unknown> {
  return async (route, body) => {
    if (route === '/beat') context.beats.set((body as { node: string }).node, Date.now())
    return { ok: true }
  }
}

/** A server whose data is in a database outside: the CAs come out of it, unless this is the first. @throws Fatal */
async function openOutside(context: ServerContext, endpoint: string): Promise<Store> {
  const { nodeName, nodeIp, dirs } = context
  const store = await openExternal({ endpoint, nodeName, address: nodeIp, handle: leaderRoutes(context) })
  const sealed = localKv(store).data.get(bootstrapKey)?.value as Sealed | undefined
  if (sealed !== undefined) importCas(dirs.tls, unseal(sealed, context.token))
  ensureCas(dirs.tls)
  ensureLeaves(dirs.tls, servingNames(context))
  return store
}

/** Prepares certificates and opens the datastore: a new cluster, a restart, or a join. */
export async function openServerStore(context: ServerContext): Promise<Store> {
  const { config, dirs } = context
  const endpoint = config.str('datastore-endpoint')
  if (endpoint !== undefined && !etcdExists(dirs.db)) return openOutside(context, endpoint)
  const restart = etcdExists(dirs.db)
  const server = config.str('server')
  const joining = server !== undefined && !restart
  const remote = joining ? await prepareJoin(context, server) : undefined
  if (remote === undefined) restoreCas(context)
  ensureCas(dirs.tls)
  ensureLeaves(dirs.tls, servingNames(context))
  if (remote !== undefined && config.bool('disable-etcd'))
    return openRemote(dirs.tls, dirs.db, () => learnMembers(remote))
  const etcd = restart || joining || config.bool('cluster-init')
  if (remote !== undefined) fs.rmSync(`${dirs.db}/state.db`, { force: true })
  return openStore({
    kind: etcd ? 'etcd' : 'sqlite',
    dbDir: dirs.db,
    tlsDir: dirs.tls,
    nodeName: context.nodeName,
    address: context.nodeIp,
    handle: leaderRoutes(context),
    ...(remote === undefined ? {} : { join: () => learnMembers(remote) }),
  })
}

async function learnMembers(remote: Client): Promise<Member[]> {
  return (await remote.call<{ members: Member[] }>('GET', '/db/info')).members
}

function servingNames(context: ServerContext): string[] {
  const domain = context.critical['cluster-domain'] ?? 'cluster.local'
  const first = (context.critical['service-cidr'] ?? '').split('/')[0]?.replace(/\.\d+$/, '.1') ?? '10.43.0.1'
  const names = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    `kubernetes.default.svc.${domain}`,
  ]
  const external = context.config.list('node-external-ip')
  const sans = context.config.list('tls-san')
  return [
    ...new Set([
      '127.0.0.1',
      'localhost',
      context.nodeIp,
      context.nodeName,
      first,
      ...names,
      ...external,
      ...sans,
    ]),
  ]
}

/** On a restart without server/tls the CAs come back out of the datastore; a wrong token is found here. */
function restoreCas(context: ServerContext): void {
  const { db, tls } = context.dirs
  const disk = etcdExists(db) ? etcdDisk(db) : sqliteDisk(db)
  if (!disk.exists) return
  const sealed = disk.load().data.get(bootstrapKey)?.value as Sealed | undefined
  if (sealed !== undefined) importCas(tls, unseal(sealed, context.token))
}

/** Validates token and critical values against the cluster, and takes over its CAs. @throws Fatal */
async function prepareJoin(context: ServerContext, server: string): Promise<Client> {
  const url = serverUrl(server)
  const token = configuredToken(context.config)
  if (token === undefined)
    throw new Fatal('starting kubernetes: preparing server: --token is required to join a cluster')
  const base = `https://${url.hostname}:${url.port === '' ? 443 : url.port}`
  for (;;) {
    try {
      const { client } = await connect(base, token, 'server')
      const cas = await client.call<Record<string, string>>('GET', '/v1-k3s/server-bootstrap')
      compareCritical(context, (await client.call<{ critical: Critical }>('GET', '/v1-k3s/config')).critical)
      const info = await client.call<{ kind: string }>('GET', '/db/info')
      if (info.kind !== 'etcd')
        throw new Fatal(
          'starting kubernetes: preparing server: failed to join: the cluster does not use embedded etcd; restart its server with --cluster-init',
        )
      importCas(context.dirs.tls, cas)
      return client
    } catch (error) {
      if (error instanceof Fatal) throw new Fatal(prefixed(error.message))
      if (error instanceof HttpError && (error.status === 401 || error.status === 403))
        throw new Fatal(prefixed(`failed to validate server configuration: ${error.message}`))
      log('error', `failed to get CA certs: ${reason(error)}; retrying`)
      await sleep(1000)
    }
  }
}

function prefixed(message: string): string {
  const prefix = 'starting kubernetes: preparing server: '
  return message.startsWith(prefix) ? message : prefix + message
}

function compareCritical(context: ServerContext, theirs: Critical): void {
  const fields = criticalMismatch(theirs, context.critical)
  for (const field of fields) log('warning', `critical configuration mismatched: ${field}`)
  if (fields.length > 0)
    throw new Fatal(
      `failed to validate server configuration: critical configuration value mismatch between servers: ${fields.join(', ')}`,
    )
}

/** Stores the CAs in the datastore, encrypted with the token, when they are not there yet. @throws Fatal */
export async function shareBootstrap(context: ServerContext): Promise<void> {
  const known = localKv(context.store).data.get(bootstrapKey)?.value as Sealed | undefined
  if (known !== undefined) {
    unseal(known, context.token)
    return
  }
  const sealed = seal(exportCas(context.dirs.tls), context.token)
  await update<Sealed>(context.store, bootstrapKey, (old) => old ?? sealed)
}
