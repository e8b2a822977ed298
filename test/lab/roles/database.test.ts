import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type K3sHosts, k3sHosts } from '../k3s/hosts.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { changes, failures, type Played, play, readInventory, writeInventory } from './play.js'

const nodes = ['server-1', 'server-2', 'agent-1']
const none = Object.fromEntries(nodes.map((name) => [name, 0]))
const database = 'agent-2'
let lab: Lab
let k3s: K3sHosts

/** Two servers and an agent, with a database of the servers' own. */
const inventoryOf = (endpoint: string): string => {
  const inventory = readInventory(lab)
  const { server, agent } = inventory.k3s_cluster.children
  for (const { hosts } of [server, agent])
    for (const name of Object.keys(hosts)) if (!nodes.includes(name)) delete hosts[name]
  inventory.k3s_cluster.vars.k3s_datastore_endpoint = endpoint
  return writeInventory(lab, 'database', inventory)
}
const inventory = (): string => inventoryOf(`http://${k3s.address(database)}:2379`)

/** Names of the tasks that did more than be skipped. */
const tasksThatRan = ({ events }: Played): string[] =>
  events.flatMap((event) =>
    event.type === 'host_finished' && event.result.status !== 'skipped' ? [event.task.name] : [],
  )
const sh = async (name: string, script: string): Promise<string> => (await k3s.sh(name, script)).text
const freshHosts = () => Promise.all([...nodes, database].map((name) => lab.fresh(name)))

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

beforeAll(async () => {
  lab = openLab(ourLabDir())
  k3s = k3sHosts(lab)
  await freshHosts()
  const url = (address: string) => `http://${address}:2379`
  const options = `--listen-client-urls ${url('0.0.0.0')} --advertise-client-urls ${url(k3s.address(database))}`
  const installed = await k3s.sh(
    database,
    `apt-get update -q >/dev/null && apt-get install -qy --no-install-recommends etcd-server >/dev/null 2>&1 &&
     systemctl stop etcd && systemd-run --quiet --unit=database etcd --data-dir /var/lib/database ${options} &&
     until curl -sf ${url('127.0.0.1')}/health; do sleep 0.2; done`,
  )
  expect(installed.text).toMatch(/"health":"true"/)
  await sh('server-1', 'ufw allow 22/tcp; ufw --force enable')
})
afterAll(freshHosts)

describe('servers with a database of their own', () => {
  it('keep its address to themselves', async () => {
    const foretold = await play(
      inventoryOf('postgres://k3s:hunter22@192.0.2.5:5432/k3s'),
      'cluster',
      '--check',
      '--diff',
    )
    expect(failures(foretold)).toBe('')
    expect(tasksThatRan(foretold).join()).toMatch(/configure k3s/)
    expect(tasksThatRan(foretold).join()).not.toMatch(/snapshot/)
    expect(foretold.output).not.toContain('hunter22')
  })

  it('are a cluster in an etcd of Debian’s, and keep none themselves', async () => {
    const made = await play(inventory(), 'cluster')
    expect(failures(made)).toBe('')
    const known = await k3s.kubectl('server-2', 'get nodes --no-headers')
    expect(known.match(/ Ready /g)).toHaveLength(3)
    expect(known).not.toContain('etcd')
    const config = await sh(
      'server-2',
      'cat /etc/rancher/k3s/config.yaml; stat -c %a /etc/rancher/k3s/config.yaml',
    )
    expect(config).toMatch(/^datastore-endpoint: http:.*:2379$/m)
    expect(config).not.toMatch(/cluster-init|^server:|etcd/m)
    expect(config).toMatch(/^600$/m)
    expect(await sh('server-2', 'ls /var/lib/rancher/k3s/server/db')).not.toMatch(/etcd|state/)
    const rules = await sh('server-1', 'ufw status')
    expect(rules).toMatch(/^[\d,]*\b6443\b[\d,]*\/tcp/m)
    expect(rules).not.toContain('2379')
    await k3s.kubectl('server-1', 'create namespace shared')
    expect(await k3s.kubectl('server-2', 'get namespaces -o name')).toContain('namespace/shared')
  })

  it('do not change on a second run', async () => {
    const again = await play(inventory(), 'cluster')
    expect(failures(again)).toBe('')
    expect(changes(again)).toEqual(none)
  })

  it('do without one of two, which may be taken out: they need no majority', async () => {
    await lab.cut('server-1')
    await expect
      .poll(() => k3s.kubectl('server-2', 'create namespace alone'), { timeout: 30_000, interval: 500 })
      .toMatch(/created|already exists/)
    const removed = await play(inventory(), 'remove-node', '-e', 'node=server-1', '-e', 'force=true')
    expect(removed.code === 0 ? '' : failures(removed)).toBe('')
    const left = await k3s.kubectl('server-2', 'get nodes --no-headers')
    expect(left).not.toContain('server-1')
    expect(left.match(/ Ready /g)).toHaveLength(2)
  })
})
