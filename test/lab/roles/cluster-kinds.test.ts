import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type K3sHosts, k3sHosts } from '../k3s/hosts.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { changes, failures, type Played, play, readInventory, writeInventory } from './play.js'

const release = 'v1.34.2+k3s1'
const nodes = ['server-1', 'server-2', 'server-3', 'agent-1']
const none = Object.fromEntries(nodes.map((name) => [name, 0]))
const zone = 'topology.kubernetes.io/zone'
let lab: Lab
let k3s: K3sHosts
let releases: Server

/**
 * An etcd-only server, two that use it, one of them without an agent; the release by its channel, from a mirror; agents
 * with a token of their own. The servers stand in the inventory in an order that they cannot be made in.
 */
const inventoryOf = (vars: Record<string, unknown> = {}, agent: Record<string, unknown> = {}): string => {
  const inventory = readInventory(lab)
  const { children, vars: given } = inventory.k3s_cluster
  const [one, two, three] = ['server-1', 'server-2', 'server-3'].map((name) => children.server.hosts[name]!)
  children.server.hosts = {
    'server-2': { ...two, k3s_server_role: 'control-plane' },
    'server-1': { ...one, k3s_server_role: 'etcd' },
    'server-3': { ...three, k3s_server_role: 'control-plane', k3s_agentless: true },
  }
  children.agent.hosts = { 'agent-1': { ...children.agent.hosts['agent-1'], ...agent } }
  const { airgap_dir: _, k3s_version: __, api_endpoint: ___, ...rest } = given
  const { port } = releases.address() as AddressInfo
  inventory.k3s_cluster.vars = {
    ...rest,
    k3s_channel: 'v1.34',
    k3s_channel_url: `http://127.0.0.1:${port}/channels`,
    k3s_mirror: `http://${lab.hosts[0]!.address.replace(/\d+$/, '1')}:${port}`,
    agent_token: 'only-for-agents',
    k3s_disable: ['traefik', 'servicelb'],
    k3s_network_policy: false,
    server_config_yaml: 'disable: [metrics-server]\n',
    ...vars,
  }
  return writeInventory(lab, 'kinds', inventory)
}
const sh = async (name: string, script: string): Promise<string> => (await k3s.sh(name, script)).text
const agentLabels = (): Promise<string> =>
  k3s.kubectl('server-2', 'get node agent-1 --show-labels --no-headers')
const agentTaints = (): Promise<string> =>
  k3s.kubectl('server-2', "get node agent-1 -o jsonpath='{.spec.taints[*].key}'")
const started = (name: string) => sh(name, 'systemctl show -P ActiveEnterTimestampMonotonic k3s k3s-agent')
const isDone = (ran: Played): void => expect(failures(ran)).toBe('')

// A quiet machine takes a tenth of it.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 })

beforeAll(async () => {
  lab = openLab(ourLabDir())
  k3s = k3sHosts(lab)
  releases = createServer((request, response) => {
    const channels = { data: [{ id: 'v1.34', latest: release }] }
    const path = decodeURIComponent(request.url ?? '/')
    if (path === '/channels')
      response.setHeader('content-type', 'application/json').end(JSON.stringify(channels))
    else
      readFile(join(lab.dir, 'k3s', path)).then(
        (body) => response.end(body),
        () => response.writeHead(404).end(),
      )
  })
  await new Promise<void>((resolve) => releases.listen(0, resolve))
  await Promise.all(nodes.map((name) => lab.fresh(name)))
})

afterAll(async () => {
  await Promise.all(nodes.map((name) => lab.fresh(name)))
  await new Promise((resolve) => releases.close(resolve))
})

describe('a cluster of servers of several kinds', () => {
  const labels = { pool: 'gpu', [zone]: 'a' }
  const agent = {
    k3s_node_labels: labels,
    k3s_node_taints: ['gpu=true:NoSchedule'],
    k3s_join_token_ttl: '1h',
  }

  it('comes up from a channel, and does not change on a second run', async () => {
    const unknown = await play(inventoryOf({ k3s_channel: 'v1.3' }), 'cluster', '--limit', 'server-1')
    expect(failures(unknown)).toMatch(/knows no channel v1.3/)
    isDone(await play(inventoryOf({}, agent), 'cluster'))
    const known = await k3s.kubectl('server-2', 'get nodes --no-headers')
    expect(known.trim().split('\n')).toHaveLength(3)
    expect(known.match(new RegExp(` Ready .*${release.replace('+', '\\+')}`, 'g'))).toHaveLength(3)
    const again = await play(inventoryOf({}, agent), 'cluster')
    isDone(again)
    expect(changes(again)).toEqual(none)
  })

  it('tells each server what it is', async () => {
    const told = (name: string) => sh(name, 'cat /etc/rancher/k3s/config.yaml')
    const [etcd, plane, agentless] = await Promise.all(['server-1', 'server-2', 'server-3'].map(told))
    expect(etcd).toMatch(/^cluster-init: true$/m)
    expect(etcd).toMatch(/^disable-apiserver: true$/m)
    expect(plane).toMatch(/^disable-etcd: true$/m)
    expect(agentless).toMatch(/^disable-agent: true$/m)
    for (const text of [etcd, plane, agentless]) {
      expect(text).toMatch(/^disable:\n {2}- traefik\n {2}- servicelb\n {2}- metrics-server$/m)
      expect(text).toMatch(/^disable-network-policy: true$/m)
    }
  })

  it('knows a server without an agent, although it is no node', async () => {
    const scaled = await play(inventoryOf({}, agent), 'scale')
    isDone(scaled)
    expect(changes(scaled)).toEqual(none)
    expect(scaled.output).not.toContain('to join')
    const looked = await play(inventoryOf({}, agent), 'status', '-e', 'strict=true')
    isDone(looked)
  })

  it('lets an agent in by a token of its own that expires', async () => {
    const text = await sh('agent-1', 'cat /etc/rancher/k3s/config.yaml')
    expect(text).toMatch(/^token: (K10[0-9a-f]{64}::)?[a-z0-9]{6}\.[a-z0-9]{16}$/m)
  })

  it('gives nodes the labels and taints of the inventory, now and later, and restarts nobody for it', async () => {
    expect(await agentLabels()).toMatch(/pool=gpu.*zone=a|zone=a.*pool=gpu/)
    expect(await agentTaints()).toBe('gpu')
    const before = await started('agent-1')
    const later = { ...agent, k3s_node_labels: { ...labels, pool: null, disk: 'ssd' }, k3s_node_taints: [] }
    isDone(await play(inventoryOf({}, later), 'cluster'))
    expect(await agentLabels()).not.toContain('pool=')
    expect(await agentLabels()).toContain('disk=ssd')
    expect(await agentTaints()).toBe('')
    expect(await started('agent-1')).toBe(before)
    expect(changes(await play(inventoryOf({}, later), 'cluster'))).toEqual(none)
  })

  it('says why a node does not come up, in time', async () => {
    await sh('agent-1', 'systemctl stop k3s-agent; iptables -I OUTPUT -p tcp --dport 6443 -j REJECT')
    const stuck = await play(inventoryOf({ k3s_start_timeout: 8 }, agent), 'cluster', '--limit', 'agent-1')
    await sh('agent-1', 'iptables -D OUTPUT -p tcp --dport 6443 -j REJECT')
    expect(stuck.code).toBe(2)
    expect(failures(stuck)).toMatch(
      /could not start k3s-agent.service in 8 s[\s\S]*likely: no server answers/,
    )
    isDone(await play(inventoryOf({}, agent), 'cluster', '--limit', 'agent-1'))
  })
})
