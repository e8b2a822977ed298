import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { changes, failures, type Played, play, readInventory, writeInventory } from './play.js'

const hosts = ['server-1', 'agent-1', 'agent-2']
// Several runs of a playbook each; as `play` itself bounds them.
vi.setConfig({ testTimeout: 300_000 })

let lab: Lab
let inventory: string

interface Status {
  problems: string[]
  hosts: { host: string; problems: string[]; drift?: string[]; ready?: boolean; certificate_days?: number }[]
  nodes_not_in_inventory: string[]
  pods_not_running: { name: string; state: string }[]
}

const look = async (...args: string[]): Promise<{ played: Played; status: Status }> => {
  const file = join(lab.dir, 'status.json')
  const played = await play(inventory, 'status', '-e', `status_file=${file}`, ...args)
  return { played, status: JSON.parse(readFileSync(file, 'utf8')) as Status }
}
const kubectl = (command: string) => lab.exec('server-1', `sudo k3s kubectl ${command}`)

beforeAll(async () => {
  lab = openLab(inject('labDir'))
  await Promise.all(hosts.map((name) => lab.fresh(name)))
  const small = readInventory(lab)
  const { hosts: servers } = small.k3s_cluster.children.server
  small.k3s_cluster.children.server.hosts = { 'server-1': servers['server-1']! }
  inventory = writeInventory(lab, 'status', small)
  expect(failures(await play(inventory, 'cluster'))).toBe('')
})

afterAll(async () => {
  await Promise.all(hosts.map((name) => lab.fresh(name)))
})

describe('the status of a cluster', () => {
  it('says that nothing is wrong, and changes nothing', async () => {
    const { played, status } = await look('-e', 'strict=true')
    expect(failures(played)).toBe('')
    expect(changes(played)).toEqual(Object.fromEntries(hosts.map((name) => [name, 0])))
    expect(status.problems).toEqual([])
    expect(status.hosts.map(({ host, ready }) => [host, ready])).toEqual(hosts.map((name) => [name, true]))
    expect(status.hosts[0]!.certificate_days).toBeGreaterThan(360)
    expect(played.output).toMatch(/HOST +ROLE +NODE +VERSION/)
  })

  it('names what differs from the inventory, and fails where that is asked for', async () => {
    await kubectl('cordon agent-1')
    await lab.exec('agent-1', 'echo "debug: true" | sudo tee /etc/rancher/k3s/config.yaml.d/mine.yaml')
    const wrong = readInventory(lab)
    wrong.k3s_cluster.children.server.hosts = {
      'server-1': wrong.k3s_cluster.children.server.hosts['server-1']!,
    }
    delete wrong.k3s_cluster.children.agent.hosts['agent-2']
    wrong.k3s_cluster.vars.k3s_version = 'v1.34.2+k3s1'
    const kept = inventory
    inventory = writeInventory(lab, 'status-wrong', wrong)
    const { played, status } = await look('-e', 'strict=true').finally(() => {
      inventory = kept
    })
    expect(played.code).toBe(2)
    expect(status.nodes_not_in_inventory).toEqual(['agent-2'])
    expect(status.hosts[1]!.problems).toEqual(['cordoned'])
    expect(status.hosts[1]!.drift).toEqual(['shall be v1.34.2+k3s1', 'its files changed since it started'])
    expect(failures(played)).toMatch(/agent-1: cordoned/)
    await kubectl('uncordon agent-1')
  })

  it('is told with a host that is dead', async () => {
    await lab.cut('agent-2')
    const { played, status } = await look('--timeout', '3')
    expect(played.code).toBe(4)
    expect(status.hosts.find(({ host }) => host === 'agent-2')!.problems).toEqual(['unreachable'])
    expect(status.nodes_not_in_inventory).toEqual([])
    await lab.boot('agent-2')
  })

  it('is told without a server that answers', async () => {
    await lab.exec('server-1', 'sudo systemctl stop k3s')
    const { played, status } = await look()
    expect(failures(played)).toBe('')
    expect(status.problems).toEqual(
      expect.arrayContaining(['no server answers', 'server-1: k3s is inactive']),
    )
  })
})

describe('a cluster of one server without etcd', () => {
  it('is started again by start.yaml', async () => {
    const started = await play(inventory, 'start')
    expect(failures(started)).toBe('')
    expect(changes(started)).toMatchObject({ 'server-1': 1 })
    expect(changes(await play(inventory, 'start'))).toMatchObject({ 'server-1': 0 })
  })
})
