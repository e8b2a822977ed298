import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { log } from '../core/log.js'
import { compareVersions, version } from '../core/version.js'
import { issue } from '../pki/issue.js'
import { mustReadPair, type readPair } from '../pki/serverPki.js'
import type { ServerContext } from './context.js'
import { createObject, getObject, nodePasswordSecret } from './objects.js'
import { secrets } from './resources.js'
import { forbidden } from './status.js'

/** What a node says of itself when it asks for its certificates. */
export interface Registration {
  name: string
  password: string
  version: string
  addresses: string[]
}

/** What it gets. */
export interface Registered {
  clientCa: string
  serverCa: string
  client: NonNullable<ReturnType<typeof readPair>>
  serving: NonNullable<ReturnType<typeof readPair>>
  proxy: NonNullable<ReturnType<typeof readPair>>
  controller: NonNullable<ReturnType<typeof readPair>>
  clusterDns: string
  clusterDomain: string
  clusterCidr: string
  flannelBackend: string
}

const rejected =
  "Node password rejected, duplicate hostname or contents of '/etc/rancher/node/password' may not match " +
  'server node-passwd entry, try enabling a unique node name with the --with-node-id flag'

function hash(password: string, salt: string): string {
  return createHash('sha256').update(`${salt}:${password}`).digest('hex')
}

async function checkPassword(context: ServerContext, name: string, password: string): Promise<void> {
  const kv = await context.store.read()
  const secretName = nodePasswordSecret(name)
  const secret = getObject(kv, secrets, 'kube-system', secretName)
  if (secret === undefined) {
    const salt = randomBytes(8).toString('hex')
    await createObject(
      context.store,
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: secretName },
        immutable: true,
        data: { hash: `${salt}$${hash(password, salt)}` },
      },
      'kube-system',
    )
    return
  }
  const [salt = '', expected = ''] = String(secret.data?.hash ?? '').split('$')
  const actual = Buffer.from(hash(password, salt))
  if (actual.length !== expected.length || !timingSafeEqual(actual, Buffer.from(expected))) {
    log('error', `unable to verify password for node ${name}: hash does not match`)
    throw forbidden(rejected)
  }
}

/** Checks a node's password and issues its certificates. @throws ApiError 403 for another host of the same name. */
export async function registerNode(context: ServerContext, body: Registration): Promise<Registered> {
  await checkPassword(context, body.name, body.password)
  if (compareVersions(body.version, version) > 0)
    log(
      'error',
      `kubelet of ${body.name} (${body.version}) is newer than the apiserver (${version}): unsupported skew`,
    )
  const { tls } = context.dirs
  const client = mustReadPair(tls, 'client-ca')
  const server = mustReadPair(tls, 'server-ca')
  const days = 365
  return {
    clientCa: client.cert,
    serverCa: server.cert,
    client: issue({
      commonName: `system:node:${body.name}`,
      organizations: ['system:nodes'],
      ca: client,
      days,
    }),
    serving: issue({
      commonName: body.name,
      ca: server,
      hosts: [body.name, '127.0.0.1', ...body.addresses],
      days,
    }),
    proxy: issue({ commonName: 'system:kube-proxy', ca: client, days }),
    controller: issue({ commonName: 'system:k3s-controller', ca: client, days }),
    clusterDns: context.critical['cluster-dns'] ?? '',
    clusterDomain: context.critical['cluster-domain'] ?? '',
    clusterCidr: context.critical['cluster-cidr'] ?? '',
    flannelBackend: context.critical['flannel-backend'] ?? 'vxlan',
  }
}
