import { loadConfig } from '../config/config.js'
import { agentFlags } from '../config/flags.js'
import type { Client } from '../core/client.js'
import { passFault } from '../core/faults.js'
import { Fatal, log, reason, sleep } from '../core/log.js'
import { notifyReady, onStop } from '../core/notify.js'
import { announce, directories } from '../core/start.js'
import { configuredToken, connect, hostPort, serverUrl } from '../node/access.js'
import { nodeIp, nodeName } from '../node/identity.js'
import { startKubelet } from '../node/kubelet.js'
import { startLoadBalancer } from '../node/loadbalancer.js'

/** Tries until a server answers and its CA is the token's; a wrong hash is logged and retried, as in k3s. */
async function connectUntilDone(
  base: string,
  url: string,
  token: string,
  rotate: () => void,
): Promise<Client> {
  for (;;) {
    try {
      return (await connect(base, token, 'node')).client
    } catch (error) {
      log('error', `Failed to validate connection to cluster at ${url}: ${reason(error)}`)
      rotate()
      await sleep(2000)
    }
  }
}

/** `k3s agent`: runs until it is told to stop. */
export async function agent(argv: readonly string[]): Promise<void> {
  const config = await loadConfig(agentFlags, argv)
  const dirs = directories(config)
  await announce('agent', dirs)
  const server = config.str('server')
  const token = configuredToken(config)
  if (token === undefined) throw new Fatal('--token is required')
  if (server === undefined) throw new Fatal('--server is required')
  const url = serverUrl(server)
  const name = nodeName(config)
  await passFault('join', name)
  const balancer = await startLoadBalancer(hostPort(url), dirs.agent, config.int('lb-server-port', 6444))
  const base = `https://127.0.0.1:${balancer.port}`
  const supervisor = await connectUntilDone(base, server, token, balancer.rotate)
  const stopKubelet = await startKubelet({
    config,
    argv: ['agent', ...argv],
    name,
    ip: nodeIp(config),
    agentDir: dirs.agent,
    base,
    supervisor,
    learn: balancer.learn,
    lost: balancer.rotate,
  })
  onStop(() => {
    stopKubelet()
    balancer.stop()
  })
  log('info', 'k3s agent is up and running')
  notifyReady()
}
