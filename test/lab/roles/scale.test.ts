import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { watchDisks } from './disks.js'
import { changes, failures, type Played, play, readInventory, writeInventory } from './play.js'

const hosts = ['server-1', 'agent-1', 'agent-2', 'server-3']
let lab: Lab
let inventory: string

const cluster = async (): Promise<string[]> =>
  (await lab.exec('server-1', 'sudo k3s kubectl get nodes --no-headers')).stdout
    .trim()
    .split('\n')
    .map((line) => line.split(/\s+/).slice(0, 2).join(' '))
const scale = (...words: string[]): Promise<Played> =>
  play(inventory, 'scale', ...words.flatMap((word) => (word.startsWith('-') ? [word] : ['-e', word])))
const wrong = (run: Played): string => (run.code === 0 ? '' : failures(run))

/** What a run says that changes nothing on any host. */
const refused = async (...words: string[]): Promise<string> => {
  const touched = await watchDisks(lab, hosts)
  const run = await scale(...words)
  expect(await touched()).toEqual([])
  expect([run.code, Math.max(...Object.values(changes(run)))]).toEqual([2, 0])
  return failures(run)
}

/** The tasks that ran on a host, by role or name; what was skipped did not, nor did the look at a role's arguments. */
const tasksOn = (run: Played, host: string): string[] => [
  ...new Set(
    run.events.flatMap((event) =>
      event.type === 'host_finished' &&
      event.result.host === host &&
      event.result.status !== 'skipped' &&
      event.task.module !== 'validate_argument_spec'
        ? [event.task.role ?? event.task.name]
        : [],
    ),
  ),
]

const faults = { faults: { drain: { mode: 'fail', message: 'a pod stays' } } }
const drainFails = `mkdir -p /etc/tsplay-lab; echo ${JSON.stringify(JSON.stringify(faults))} >/etc/tsplay-lab/k3s-faults.json`

beforeAll(async () => {
  lab = openLab(ourLabDir())
  await Promise.all(hosts.map((name) => lab.fresh(name)))
  const data = readInventory(lab)
  const { server, agent } = data.k3s_cluster.children
  const spare = server.hosts['server-3']!
  server.hosts = { 'server-1': server.hosts['server-1']! }
  const pools = {
    general: { hosts: { 'agent-1': agent.hosts['agent-1']! } },
    gpu: {
      hosts: {
        'agent-2': agent.hosts['agent-2']!,
        'server-3': { ...spare, agent_config_yaml: { 'node-name': 'gpu-2' } },
      },
      vars: { k3s_node_labels: { pool: 'gpu' }, k3s_node_taints: ['gpu=true:NoSchedule'] },
    },
  }
  Object.assign(data.k3s_cluster.children, { agent: { children: pools } })
  inventory = writeInventory(lab, 'pools', data)
  expect(failures(await play(inventory, 'cluster', '--limit', 'server-1,agent-1'))).toBe('')
  await Promise.all(
    ['server-1', 'agent-1', 'agent-2', 'server-3'].map((name) =>
      lab.exec(name, 'sudo sh -c "ufw allow 22/tcp; ufw --force enable"'),
    ),
  )
})

afterAll(() => Promise.all(hosts.map((name) => lab.fresh(name))))

describe('what cannot be', () => {
  it.each([
    [['pool=gpuu'], /no pool is called gpuu; pools are groups of agents: .*gpu/],
    [['pool=server', 'replicas=1'], /servers are no pool/],
    [['pool=gpu', 'replicas=3'], /gpu has 2 hosts.*from 0 to 2/],
    [['pool=gpu', 'replicas=-1'], /from 0 to 2/],
    [['replicas=1'], /say of which pool/],
  ])('%s is refused before any host is touched', async (words, message) => {
    const refused = await scale(...words)
    expect(refused.code).toBe(2)
    expect(failures(refused)).toMatch(message)
    const modules = refused.events.flatMap((event) =>
      event.type === 'task_started' ? [event.task.module] : [],
    )
    expect(modules.filter((name) => !['assert', 'validate_argument_spec'].includes(name))).toEqual([])
  })
})

describe('a host that cannot be beside the nodes that are there', () => {
  it('is refused for its name, its machine-id and its clock, and is not touched', async () => {
    // A clock that is ahead cannot be had on hosts that share a kernel: the program that tells it is.
    const date = '#!/bin/sh\nexec /usr/bin/date -d "+90 seconds" "$@"\n'
    const { stdout: id } = await lab.exec('agent-1', 'cat /etc/machine-id')
    const { stdout: own } = await lab.exec('agent-2', 'cat /etc/machine-id')
    const differ = [
      'hostname agent-1',
      `echo ${id.trim()} >/etc/machine-id`,
      `printf %s ${Buffer.from(date).toString('base64')} | base64 -d >/usr/local/bin/date`,
      'chmod 755 /usr/local/bin/date',
    ]
    expect(await lab.exec('agent-2', `sudo sh -c '${differ.join(' && ')}'`)).toMatchObject({ code: 0 })
    const said = await refused('pool=gpu', 'replicas=1')
    await lab.exec(
      'agent-2',
      `sudo sh -c 'hostname agent-2; echo ${own.trim()} >/etc/machine-id; rm /usr/local/bin/date'`,
    )
    expect(said).toContain('hostname: agent-1 is also the name of agent-1')
    expect(said).toContain('identity: the machine-id is also that of agent-1')
    expect(said).toMatch(/clock: [89]\d s ahead of the other hosts/)
  })

  it('is refused where there is no room for it, and where it would be told what the cluster is not', async () => {
    const small = JSON.stringify({ server_config_yaml: 'cluster-cidr: 10.42.0.0/23' })
    expect(await refused('pool=gpu', 'replicas=1', small)).toMatch(
      /networks: cluster-cidr 10\.42\.0\.0\/23 holds 2 nodes of \/24, and there are 3/,
    )
    const said = await refused('pool=gpu', 'replicas=1', 'token=mistyped', 'k3s_version=v1.28.9+k3s1')
    expect(said).toContain('the token of the inventory is not that of the cluster')
    expect(said).toMatch(
      /agent-2 with v1\.28\.9\+k3s1 is more than three minors older than v1\.\S+ of the server server-1/,
    )
    expect(said).not.toContain('mistyped')
  })
})

describe('a pool', () => {
  it('takes one host in, and nothing but the firewall is looked at elsewhere', async () => {
    const joined = await scale('pool=gpu', 'replicas=1')
    expect(wrong(joined)).toBe('')
    expect(await cluster()).toEqual(['agent-1 Ready', 'agent-2 Ready', 'server-1 Ready'])
    expect(tasksOn(joined, 'agent-1')).toEqual(['its facts', 'firewall'])
    expect(tasksOn(joined, 'server-3')).toEqual(['is something of k3s there'])
    expect(joined.output).toMatch(/gpu: 0 nodes, 0 ready/)
    expect(joined.output).toMatch(/gpu: 1 nodes, 1 ready: agent-2/)
  })

  it('registers its nodes with its labels and taints, and the peers let them in', async () => {
    const node = await lab.exec('server-1', 'sudo k3s kubectl get node agent-2 -o json')
    expect(node.stdout).toMatch(/"pool": "gpu"[\s\S]*"key": "gpu"/)
    const address = lab.hosts.find((host) => host.name === 'agent-2')!.address
    expect((await lab.exec('agent-1', 'sudo ufw status')).stdout).toContain(address)
  })

  it('that is as wanted does not change', async () => {
    const again = await scale('pool=gpu', 'replicas=1')
    expect([again.code, Math.max(...Object.values(changes(again)))]).toEqual([0, 0])
    expect(tasksOn(again, 'agent-1')).toEqual([])
    expect(tasksOn(again, 'agent-2')).toEqual([])
  })

  it('grows to the inventory, and shrinks from its end by those that can leave', async () => {
    expect(wrong(await scale())).toBe('')
    expect(await cluster()).toContain('gpu-2 Ready')
    const address = lab.hosts.find((host) => host.name === 'server-3')!.address
    await lab.exec('server-1', `sudo sh -c '${drainFails}'`)
    const kept = await scale('pool=gpu', 'replicas=1')
    await lab.exec('server-1', 'sudo rm /etc/tsplay-lab/k3s-faults.json')
    expect([kept.code, failures(kept)]).toEqual([2, expect.stringMatching(/works as before: gpu-2 /)])
    expect(await cluster()).toContain('gpu-2 Ready')
    expect(await lab.exec('server-3', 'systemctl is-active k3s-agent')).toMatchObject({ code: 0 })
    expect((await lab.exec('agent-1', 'sudo ufw status')).stdout).toContain(address)
    const less = await scale('pool=gpu', 'replicas=1')
    expect(wrong(less)).toBe('')
    expect(await cluster()).toEqual(['agent-1 Ready', 'agent-2 Ready', 'server-1 Ready'])
    expect((await lab.exec('server-3', 'ls -d /etc/rancher /usr/local/bin/k3s')).code).not.toBe(0)
    expect((await lab.exec('agent-1', 'sudo ufw status')).stdout).not.toContain(address)
  })

  it('cleans a host that a run which was cut left half removed', async () => {
    await lab.exec('server-3', 'sudo mkdir -p /etc/rancher/k3s /var/lib/rancher/k3s/agent')
    expect(wrong(await scale('pool=gpu', 'replicas=1'))).toBe('')
    expect((await lab.exec('server-3', 'ls -d /etc/rancher /var/lib/rancher')).code).not.toBe(0)
  })
})

describe('a node that the inventory does not know', () => {
  it('keeps its name to itself', async () => {
    const text = readInventory(lab)
    const { server, agent } = text.k3s_cluster.children
    agent.hosts = { 'agent-1': agent.hosts['agent-1']!, spare: server.hosts['server-3']! }
    server.hosts = { 'server-1': server.hosts['server-1']! }
    inventory = writeInventory(lab, 'fewer', text)
    await lab.exec('server-3', 'sudo hostname agent-2')
    expect(await refused()).toContain('hostname: agent-2 is a node of the cluster already')
    await lab.exec('server-3', 'sudo hostname server-3')
  })

  it('is told of, and goes only when that is asked for', async () => {
    const text = readInventory(lab)
    const { server, agent } = text.k3s_cluster.children
    server.hosts = { 'server-1': server.hosts['server-1']! }
    agent.hosts = { 'agent-1': agent.hosts['agent-1']! }
    inventory = writeInventory(lab, 'fewer', text)
    await lab.cut('agent-2')
    const told = await scale()
    expect(wrong(told)).toBe('')
    expect(told.output).toContain('not in the inventory: agent-2; -e prune=true removes them')
    expect(await cluster()).toHaveLength(3)
    expect(wrong(await scale('prune=true', 'k3s_drain_timeout=10'))).toBe('')
    expect(await cluster()).toEqual(['agent-1 Ready', 'server-1 Ready'])
  })
})
