import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import type { Dirs, ServerContext } from '../api/context.js'
import { serveApi } from '../api/listener.js'
import type { Config } from '../config/config.js'
import { loadConfig } from '../config/config.js'
import { criticalValues } from '../config/critical.js'
import { serverFlags } from '../config/flags.js'
import { startControllers } from '../controllers/start.js'
import { client } from '../core/client.js'
import { passFault } from '../core/faults.js'
import { Fatal, log, reason, sleep } from '../core/log.js'
import { notifyReady, onStop } from '../core/notify.js'
import { announce, directories } from '../core/start.js'
import { authorization } from '../core/tokens.js'
import { configuredToken } from '../node/access.js'
import { nodeIp, nodeName } from '../node/identity.js'
import { startKubelet } from '../node/kubelet.js'
import { loadEncryption } from '../operations/encryption.js'
import { writeKubeconfig } from '../operations/kubeconfig.js'
import { stageManifests } from '../operations/manifests.js'
import { openServerStore, shareBootstrap } from '../operations/openServer.js'
import { serverSecret, writeTokenFiles } from '../operations/tokens.js'
import { mustReadPair } from '../pki/serverPki.js'
import { update } from '../store/store.js'

async function requireFreePort(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = net.createServer()
    probe.once('error', () =>
      reject(new Fatal(`starting kubernetes: listen tcp :${port}: bind: address already in use`)),
    )
    probe.listen(port, () => probe.close(() => resolve()))
  })
}

function refuseBadCombinations(config: Config): void {
  if (config.bool('disable-etcd') && config.str('server') === undefined && !config.has('datastore-endpoint'))
    throw new Fatal('invalid flag use; --server is required with --disable-etcd')
  if (!/^(http:\/\/[^,]+(,|$))*$/.test(config.str('datastore-endpoint') ?? ''))
    throw new Fatal('the stand-in takes etcd alone as datastore-endpoint, as http://host:2379')
  const backend = config.str('flannel-backend') ?? 'vxlan'
  if (!['none', 'vxlan', 'host-gw', 'wireguard-native', 'ipsec', 'wireguard'].includes(backend))
    throw new Fatal(`Unknown flannel backend ${backend}`)
}

/** `k3s server`: runs until it is told to stop, or ends after a cluster reset. */
export async function server(argv: readonly string[]): Promise<void> {
  const config = await loadConfig(serverFlags, argv)
  const dirs = directories(config)
  await announce('server', dirs)
  refuseBadCombinations(config)
  const port = config.int('https-listen-port', 6443)
  if (config.bool('cluster-reset')) return reset(config, dirs, port)
  await requireFreePort(port)
  const [name, ip] = [nodeName(config), nodeIp(config)]
  const context: ServerContext = {
    config,
    dirs,
    nodeName: name,
    nodeIp: ip,
    port,
    token: serverSecret(config, dirs),
    agentToken: configuredToken(config, 'agent-token'),
    critical: criticalValues(config),
    store: undefined as never,
    beats: new Map(),
    ready: false,
  }
  context.store = await openServerStore(context)
  const stopApi = await serveApi(context, config.str('bind-address'))
  await waitForStore(context)
  await shareBootstrap(context)
  writeTokenFiles(dirs, context.token, context.agentToken)
  await passFault('api-ready', name)
  await ensureNamespaces(context)
  fs.rmSync(path.join(dirs.db, 'reset-flag'), { force: true })
  writeKubeconfig(context)
  stageManifests(context)
  context.ready = true
  log('info', `Running kube-apiserver on :${port}`)
  const stopControllers = startControllers(context)
  const stopKubelet = config.bool('disable-agent') ? () => undefined : await startServerNode(context, argv)
  await loadEncryption(context)
  onStop(() => {
    stopControllers()
    stopKubelet()
    stopApi()
    context.store.stop()
  })
  log('info', 'k3s is up and running')
  notifyReady()
}

async function reset(config: Config, dirs: Dirs, port: number): Promise<void> {
  await requireFreePort(port)
  const { clusterReset } = await import('../operations/clusterReset.js')
  clusterReset(config, dirs)
}

/** Waits until a majority answers; says now and then that it waits. */
async function waitForStore(context: ServerContext): Promise<void> {
  for (;;) {
    try {
      await context.store.read()
      return
    } catch (error) {
      log('info', `Waiting for etcd: ${reason(error)}`)
      await sleep(500)
    }
  }
}

async function ensureNamespaces(context: ServerContext): Promise<void> {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
    await update(context.store, `/registry/namespaces//${name}`, (old) =>
      old === undefined
        ? {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name, creationTimestamp: new Date().toISOString() },
            status: { phase: 'Active' },
          }
        : old,
    )
}

function startServerNode(context: ServerContext, argv: readonly string[]): Promise<() => void> {
  const base = `https://127.0.0.1:${context.port}`
  const ca = mustReadPair(context.dirs.tls, 'server-ca').cert
  const token = { caHash: '', username: 'node', password: context.token }
  return startKubelet({
    config: context.config,
    argv: ['server', ...argv],
    name: context.nodeName,
    ip: context.nodeIp,
    agentDir: context.dirs.agent,
    base,
    supervisor: client(base, { ca, authorization: authorization(token, 'node') }),
  })
}
