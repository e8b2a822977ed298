import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { watchDisks } from './disks.js'
import { changes, failures, type Played, play, readInventory, writeInventory } from './play.js'

const nodes = ['server-1', 'server-2', 'server-3', 'agent-1', 'agent-2']
let lab: Lab

/** An inventory with other variables, and without some hosts. */
const inventoryWith = (vars: Record<string, unknown>, without: readonly string[] = []): string => {
  const inventory = readInventory(lab)
  Object.assign(inventory.k3s_cluster.vars, vars)
  for (const { hosts } of Object.values(inventory.k3s_cluster.children))
    for (const name of without) delete hosts[name]
  return writeInventory(lab, 'preflight', inventory)
}
/** What was refused, by host. */
const refusals = ({ events }: Played): Record<string, string> =>
  Object.fromEntries(
    events.flatMap((event) =>
      event.type === 'host_finished' && event.result.status === 'failed'
        ? [[event.result.host, event.result.items.map((item) => item.message).join()]]
        : [],
    ),
  )
beforeAll(async () => {
  lab = openLab(ourLabDir())
  await Promise.all(nodes.map((name) => lab.fresh(name)))
})
afterAll(async () => {
  await Promise.all(nodes.map((name) => lab.fresh(name)))
})

it('fresh hosts can be a cluster, and stay as they were', async () => {
  const touched = await watchDisks(lab, nodes)
  const looked = await play(inventoryWith({}), 'preflight')
  expect(failures(looked)).toBe('')
  expect(changes(looked)).toEqual(Object.fromEntries(nodes.map((name) => [name, 0])))
  expect(await touched()).toEqual([])
})

it('names what the inventory wants of a cluster that none can be', async () => {
  const touched = await watchDisks(lab, nodes)
  const refused = await play(
    inventoryWith(
      {
        k3s_version: 'v1.30',
        api_endpoint: 'api.no-such-name.invalid',
        preflight_server_memory_mb: 100_000_000,
        preflight_disk_mb: 100_000_000,
        server_config_yaml: { 'cluster-cidr': '10.0.0.0/8,fd00:42::/63', 'service-cidr': '10.43.0.0/16' },
      },
      ['server-3'],
    ),
    'cluster',
  )
  expect(refused.code).toBe(2)
  const first = refusals(refused)['server-1']
  for (const part of [
    /memory: \d+ MiB, and a server needs 100000000/,
    /disk: \d+ MiB are free on \/\S+, and a node needs 100000000/,
    /networks: cluster-cidr 10\.0\.0\.0\/8 and service-cidr 10\.43\.0\.0\/16 overlap/,
    /networks: [0-9.]+ of this host is in the cluster's cluster-cidr/,
    /networks: cluster-cidr fd00:42::\/63 holds 2 nodes of \/64, and there are 4/,
    /servers: 2 servers keep etcd.*take 1 or 3/,
    /release: v1\.30 is no release of k3s/,
    /endpoint: this host cannot resolve the api_endpoint api\.no-such-name\.invalid/,
  ])
    expect(first).toMatch(part)
  expect(refusals(refused)['agent-1']).not.toContain('memory:')
  expect(changes(refused)).toEqual({ 'server-1': 0, 'server-2': 0, 'agent-1': 0, 'agent-2': 0 })
  expect(await touched()).toEqual([])
})

it('a release that nobody has is found missing by the controller', async () => {
  const server = createServer((_request, response) => response.writeHead(404).end())
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  try {
    const mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const vars = { k3s_version: 'v1.99.0+k3s1', k3s_mirror: mirror, airgap_dir: null }
    const touched = await watchDisks(lab, nodes)
    const refused = await play(inventoryWith(vars), 'cluster')
    expect(refusals(refused)['server-1']).toContain(`there is no v1.99.0+k3s1 at ${mirror}/v1.99.0%2Bk3s1`)
    expect(Object.values(changes(refused))).toEqual([0, 0, 0, 0, 0])
    expect(await touched()).toEqual([])
  } finally {
    server.close()
  }
})

const leftovers = [
  '/var/lib/rancher/k3s/server/db/etcd',
  '/var/lib/rancher/k3s/agent/client-kubelet.crt',
  '/var/lib/kubelet/pods/x',
]

it('names the host that cannot be a node, and why; nobody is touched', async () => {
  // A clock that is ahead cannot be had on hosts that share a kernel: the program that tells it is.
  const date = '#!/bin/sh\nexec /usr/bin/date -d "+90 seconds" "$@"\n'
  await Promise.all([
    lab.exec('server-2', 'sudo hostname server-1'),
    lab.exec(
      'server-3',
      `sudo systemd-run --unit squatter /opt/tsplay-lab/node -e 'require("net").createServer().listen(6443)'`,
    ),
    lab.exec('agent-1', 'sudo iptables -I INPUT -p tcp --dport 10250 -j DROP'),
    lab.exec(
      'agent-1',
      `printf '%s' '${date}' | sudo tee /usr/local/bin/date && sudo chmod 755 /usr/local/bin/date`,
    ),
    lab.exec(
      'agent-2',
      `sudo ip route del default; sudo mkdir -p ${leftovers.join(' ')}; sudo ip link add cni0 type bridge`,
    ),
  ])
  const { stdout: id } = await lab.exec('server-1', 'cat /etc/machine-id')
  await lab.exec('agent-2', `echo ${id.trim()} | sudo tee /etc/machine-id`)
  const touched = await watchDisks(lab, nodes)
  const refused = await play(inventoryWith({}), 'cluster')
  expect(refused.code).toBe(2)
  const told = refusals(refused)
  expect(told['server-2']).toContain('hostname: server-1 is also the name of server-1')
  expect(told['server-3']).toMatch(/ports: tcp\/6443 is taken by \S+, and k3s listens there/)
  expect(told['server-1']).not.toContain('clock:')
  expect(told['server-1']).toMatch(/reach: \S+ does not answer on port 10250/)
  expect(told['agent-1']).toMatch(/clock: [89]\d s ahead of the other hosts/)
  expect(told['agent-2']).toContain('route: there is no default route')
  for (const left of [...leftovers, '/sys/class/net/cni0'])
    expect(told['agent-2']).toContain(`leftovers: ${left} is of another cluster`)
  expect(told['agent-2']).toContain('identity: the machine-id is also that of server-1')
  expect(Object.values(changes(refused))).toEqual([0, 0, 0, 0, 0])
  expect(await touched()).toEqual([])

  const skipped = await play(
    inventoryWith({ preflight_skip: ['identity', 'clock', 'route', 'reach', 'ports', 'hostname'] }),
    'preflight',
  )
  expect(refusals(skipped)).toEqual({ 'agent-2': expect.stringMatching(/^(leftovers: [^;]*(; )?){4}$/) })
})
