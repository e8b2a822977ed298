import https from 'node:https'
import path from 'node:path'
import type { Beat, BeatReply } from '../api/heartbeat.js'
import type { Registered } from '../api/register.js'
import { type KubeObject, nodes, pathOf } from '../api/resources.js'
import type { Config } from '../config/config.js'
import { type Client, client, HttpError } from '../core/client.js'
import { activeFault, knobs } from '../core/faults.js'
import { hostPath, writeFile, writeIfChanged } from '../core/files.js'
import { log, reason, sleep } from '../core/log.js'
import { compareVersions, version } from '../core/version.js'
import { checkCgroups, kubeletDriver, runtimeDriver } from './cgroup.js'
import { writeContainerdConfig, writeRuntimeFiles } from './containerd.js'
import { nodePassword } from './identity.js'
import { startFlannel } from './network.js'
import { newNode, nodeAddresses, nodeInfo } from './nodeObject.js'

/** What a kubelet needs to run. */
export interface KubeletOptions {
  config: Config
  argv: readonly string[]
  name: string
  ip: string
  agentDir: string
  /** Where the API and the supervisor answer: the local server or the load balancer. */
  base: string
  /** A client with the join token, for registration. */
  supervisor: Client
  /** Called with each heartbeat's list of servers. */
  learn?: (servers: string[]) => void
  /** Called when the server does not answer. */
  lost?: () => void
}

function writeCertificates(options: KubeletOptions, given: Registered): void {
  const put = (name: string, text: string, mode: number): void =>
    writeIfChanged(path.join(options.agentDir, name), text, mode)
  put('server-ca.crt', given.serverCa, 0o644)
  put('client-ca.crt', given.clientCa, 0o644)
  for (const [stem, pair] of [
    ['client-kubelet', given.client],
    ['serving-kubelet', given.serving],
    ['client-kube-proxy', given.proxy],
    ['client-k3s-controller', given.controller],
  ] as const) {
    put(`${stem}.crt`, pair.cert, 0o644)
    put(`${stem}.key`, pair.key, 0o600)
  }
  for (const who of ['kubelet', 'kubeproxy', 'k3scontroller'])
    put(
      `${who}.kubeconfig`,
      `apiVersion: v1\nkind: Config\nclusters:\n- name: local\n  cluster:\n    server: ${options.base}\n`,
      0o600,
    )
  put(
    'etc/kubelet.conf.d/00-k3s-defaults.conf',
    'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n',
    0o600,
  )
}

/** Registers with the cluster, and again and again until it is let in; says why in the journal, as k3s does. */
async function registerUntilDone(options: KubeletOptions): Promise<Registered> {
  const body = { name: options.name, password: nodePassword(), version, addresses: [options.ip] }
  for (;;) {
    try {
      return await options.supervisor.call<Registered>('POST', '/v1-k3s/node-register', body)
    } catch (error) {
      const rejected = /Node password rejected.*/.exec(reason(error))?.[0]
      log(
        'error',
        `Waiting to retrieve agent configuration; server is not ready: ${rejected ?? reason(error)}`,
      )
      options.lost?.()
      await sleep(2000)
    }
  }
}

/** Makes the Node object when it is not there yet; labels and taints count only then. */
async function ensureNode(options: KubeletOptions, api: Client): Promise<void> {
  const { name, ip, config, argv } = options
  const wanted = newNode(name, config, nodeAddresses(name, ip, config), argv)
  for (;;) {
    try {
      const old = await api
        .call<KubeObject>('GET', pathOf(nodes, undefined, name))
        .catch((error: unknown) => {
          if (error instanceof HttpError && error.status === 404) return undefined
          throw error
        })
      if (old === undefined) await api.call('POST', pathOf(nodes), wanted)
      else
        await api.call('PATCH', pathOf(nodes, undefined, name), {
          metadata: { annotations: wanted.metadata.annotations },
        })
      log(
        'info',
        old === undefined ? `Successfully registered node ${name}` : `Node ${name} was previously registered`,
      )
      return
    } catch (error) {
      log('error', `Unable to register node ${name} with API server: ${reason(error)}`)
      options.lost?.()
      await sleep(1000)
    }
  }
}

/** Serves port 10250: nothing without a client certificate of the cluster. */
function serveKubelet(given: Registered): Promise<() => void> {
  const { cert, key } = given.serving
  const server = https.createServer(
    { cert, key, ca: given.clientCa, requestCert: true, rejectUnauthorized: false },
    (incoming, outgoing) => {
      const known = (incoming.socket as import('node:tls').TLSSocket).authorized
      outgoing.writeHead(known ? 200 : 401)
      outgoing.end(known ? 'ok' : 'Unauthorized')
    },
  )
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(10250, () =>
      resolve(() => {
        server.close()
        server.closeAllConnections()
      }),
    )
  })
}

/** Starts the node: returns when it is registered; heartbeats go on until `stop`. */
export async function startKubelet(options: KubeletOptions): Promise<() => void> {
  checkCgroups()
  const containerdConfig = writeContainerdConfig(options.config, options.agentDir)
  kubeletDriver(options.config)
  const given = await registerUntilDone(options)
  writeCertificates(options, given)
  writeRuntimeFiles(options.config, options.agentDir)
  const api = client(options.base, { ca: given.serverCa, cert: given.client.cert, key: given.client.key })
  const stopFlannel = await startFlannel(given.flannelBackend, options.agentDir, given.clusterCidr)
  const stopServer = await serveKubelet(given)
  await ensureNode(options, api)
  const started = Date.now()
  let running = true
  let next: NodeJS.Timeout | undefined
  const loop = async (): Promise<void> => {
    await beatOnce(options, api, containerdConfig, started)
    if (running) next = setTimeout(() => void loop(), knobs().heartbeatMs)
  }
  void loop()
  return () => {
    running = false
    clearTimeout(next)
    stopFlannel()
    stopServer()
    api.stop()
  }
}

async function beatOnce(
  options: KubeletOptions,
  api: Client,
  containerdConfig: string,
  started: number,
): Promise<void> {
  try {
    const beat = await describeNode(options, containerdConfig, started)
    const reply = await api.call<BeatReply>('POST', '/v1-k3s/heartbeat', beat, 4000)
    options.learn?.(reply.servers)
    writePods(reply.pods)
    if (compareVersions(version, reply.version) > 0)
      log(
        'error',
        `kubelet version (${version}) is newer than the apiserver (${reply.version}): unsupported version skew`,
      )
  } catch (error) {
    log('error', `Failed to update node status: ${reason(error)}`)
    options.lost?.()
  }
}

/** The pods that this node runs, for crictl. They outlive a stop of k3s, as containers do. */
function writePods(list: BeatReply['pods']): void {
  const file = hostPath('/run/k3s/standin-pods.json')
  const text = JSON.stringify(list)
  if (text !== lastPods) writeFile(file, text, 0o600)
  lastPods = text
}
let lastPods = ''

async function describeNode(
  options: KubeletOptions,
  containerdConfig: string,
  started: number,
): Promise<Beat> {
  const { config, name, ip } = options
  const base = { node: name, nodeInfo: nodeInfo(config), addresses: nodeAddresses(name, ip, config) }
  const trouble = await notReady(config, containerdConfig, name, started)
  return trouble === undefined
    ? { ...base, ready: true, reason: 'KubeletReady', message: 'kubelet is posting ready status' }
    : { ...base, ready: false, reason: 'KubeletNotReady', message: trouble }
}

/** Why the node is not Ready; undefined when it is. */
async function notReady(
  config: Config,
  containerdConfig: string,
  name: string,
  started: number,
): Promise<string | undefined> {
  const fault = activeFault('node-ready', name)
  if (fault !== undefined && (fault.mode !== 'slow' || Date.now() - started < (fault.ms ?? 5000)))
    return fault.message ?? 'container runtime network not ready: cni plugin not initialized'
  try {
    const [kubelet, runtime] = [kubeletDriver(config), await cachedRuntimeDriver(config, containerdConfig)]
    if (kubelet === runtime) return undefined
    return `kubelet cgroup driver: "${kubelet}" is different from the container runtime's cgroup driver: "${runtime}"`
  } catch (error) {
    return `container runtime is down: ${reason(error)}`
  }
}

let known: { at: number; driver: Promise<string> } | undefined

/** Asking docker or containerd costs a process; a few seconds' memory is enough. */
function cachedRuntimeDriver(config: Config, file: string): Promise<string> {
  if (known === undefined || Date.now() - known.at > 5000)
    known = { at: Date.now(), driver: runtimeDriver(config, file) }
  return known.driver
}
