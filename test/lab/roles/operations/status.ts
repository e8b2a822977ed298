import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { changes, failures, type Played, play, readInventory, writeInventory } from '../play.js'
import { hosts, none, type OperatedCluster } from './cluster.js'

/** What status.yaml writes, as far as tests look at it. */
export interface Status {
  problems: string[]
  etcd: { members: number; voting: number; quorum: number } | null
  hosts: {
    host: string
    problems: string[]
    drift?: string[]
    ready?: boolean
    roles?: string[]
    version?: string
    certificate_days?: number
    cgroup_driver?: string
    kubelet_cgroup_driver?: string
    firewall?: string
  }[]
  nodes_not_in_inventory: string[]
}

/** Runs status.yaml; `run` plays it on an inventory. */
export const look = async (
  folder: string,
  run: (...words: string[]) => Promise<Played>,
): Promise<{ played: Played; status: Status }> => {
  const file = join(folder, 'status.json')
  const played = await run('-e', `status_file=${file}`)
  return { played, status: JSON.parse(readFileSync(file, 'utf8')) as Status }
}

export const describeStatus = (cluster: OperatedCluster): void => {
  const { lab, k3s } = cluster
  const now = (...more: string[]) => look(lab.dir, (...words) => cluster.run('status', ...more, ...words))

  describe('status.yaml', () => {
    it('shows nodes, roles, versions, voters, certificates, cgroup drivers and firewalls, and that nothing is wrong', async () => {
      const { played, status } = await now('-e', 'strict=true')
      expect(failures(played)).toBe('')
      expect(changes(played)).toEqual(none)
      expect(status.problems).toEqual([])
      expect(status.hosts.map(({ host, ready }) => [host, ready])).toEqual(hosts.map((name) => [name, true]))
      expect(status.hosts[0]).toMatchObject({
        roles: ['control-plane', 'etcd'],
        version: readInventory(lab).k3s_cluster.vars.k3s_version,
        cgroup_driver: 'systemd',
        kubelet_cgroup_driver: 'systemd',
        firewall: 'none',
        drift: [],
      })
      expect(status.hosts[0]!.certificate_days).toBeGreaterThan(360)
      expect(status.etcd).toEqual({ members: 3, voting: 3, quorum: 2 })
      expect(played.output).toMatch(
        /server-1 +control-plane,etcd +Ready +v1\.\S+ +votes +36\d days +systemd +none/,
      )
      expect(played.output).toContain('etcd: 3 of 3 vote, 2 are needed')
    })

    it('names what differs from the inventory, and fails where that is asked for', async () => {
      await cluster.kubectl('cordon agent-1')
      const mine = '/etc/rancher/k3s/config.yaml.d/mine.yaml'
      // Written, and not in force: kubelet has not been started with it.
      await k3s.sh('agent-1', `printf 'kubelet-arg:\\n- cgroup-driver=cgroupfs\\n' >${mine}`)
      const wrong = readInventory(lab)
      const { server, agent } = wrong.k3s_cluster.children
      delete agent.hosts['agent-2']
      delete server.hosts['server-3']
      wrong.k3s_cluster.vars.k3s_version = 'v1.35.0+k3s1'
      const inventory = writeInventory(lab, 'status', wrong)
      const { played, status } = await look(lab.dir, (...words) =>
        play(inventory, 'status', '-e', 'strict=true', ...words),
      )
      await Promise.all([cluster.kubectl('uncordon agent-1'), k3s.sh('agent-1', `rm ${mine}`)])
      expect(played.code).toBe(2)
      expect(status.nodes_not_in_inventory).toEqual(['server-3'])
      const agents = status.hosts.at(-1)!
      expect(agents.problems).toEqual(['cordoned'])
      expect(agents.kubelet_cgroup_driver).toBe('systemd')
      expect(agents.drift).toEqual(['shall be v1.35.0+k3s1', 'its files changed since it started'])
      expect(failures(played)).toMatch(/agent-1: cordoned/)
    })

    it('is told with a host that is dead', async () => {
      await lab.cut('agent-1')
      const { played, status } = await now('--timeout', '3')
      await lab.boot('agent-1')
      expect(played.code).toBe(4)
      expect(status.hosts.at(-1)!.problems).toEqual(['unreachable'])
      expect(status.nodes_not_in_inventory).toEqual([])
      await expect.poll(cluster.ready, { timeout: 60_000, interval: 500 }).toContain('agent-1')
    })
  })
}
