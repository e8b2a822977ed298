import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { watchDisks } from '../disks.js'
import { changes, failures, play, readInventory, writeInventory } from '../play.js'
import type { OperatedCluster } from './cluster.js'
import { look } from './status.js'

const host = 'agent-2'

/** A cluster beside the others: one server, which keeps its data in SQLite. */
export const describeSingle = ({ lab, k3s }: OperatedCluster): void => {
  describe('a cluster of one server without etcd', () => {
    const folder = join(lab.dir, 'backups')
    const inventory = (): string => {
      const data = readInventory(lab)
      const { server, agent } = data.k3s_cluster.children
      server.hosts = { [host]: agent.hosts[host]! }
      agent.hosts = {}
      const address = lab.hosts.find(({ name }) => name === host)!.address
      Object.assign(data.k3s_cluster.vars, {
        cluster_context: 'small',
        api_endpoint: address,
        k3s_health_timeout: 60,
      })
      return writeInventory(lab, 'single', data)
    }
    const run = (playbook: string, ...words: string[]) =>
      play(inventory(), playbook, ...words.flatMap((word) => ['-e', word]))
    const taken = (): string[] => readdirSync(join(folder, 'small')).sort()
    const kubectl = (words: string): Promise<string> => k3s.kubectl(host, words)

    it('is backed up where it may be stopped for a moment, and old backups go', async () => {
      rmSync(folder, { recursive: true, force: true })
      await lab.fresh(host)
      expect(failures(await run('cluster'))).toBe('')
      await kubectl('create namespace before-backup')
      const refused = await run('backup', `backup_dir=${folder}`)
      expect(failures(refused)).toMatch(/in SQLite.*-e sqlite=stop/)
      expect(existsSync(folder)).toBe(false)
      mkdirSync(join(folder, 'small', '.2000-01-01T000000Z.part'), { recursive: true })
      for (const [keep, kept] of [
        [2, 1],
        [2, 2],
        [1, 1],
      ]) {
        const ran = await run('backup', `backup_dir=${folder}`, 'sqlite=stop', `keep=${keep}`)
        expect(failures(ran)).toBe('')
        expect(taken()).toHaveLength(kept!)
      }
      expect((await k3s.sh(host, 'ls -A /var/lib/rancher/k3s')).text).not.toContain('tsplay-backup')
    })

    it('is told of without a server that answers, and started again', async () => {
      await k3s.sh(host, 'systemctl stop k3s')
      const { played, status } = await look(lab.dir, (...words) => play(inventory(), 'status', ...words))
      expect(failures(played)).toBe('')
      expect(status.problems).toEqual(
        expect.arrayContaining(['no server answers', `${host}: k3s is inactive`]),
      )
      const started = await run('start')
      expect([failures(started), changes(started)]).toEqual(['', { [host]: 1 }])
    })

    it('comes back from the backup on a new disk, as it was then', async () => {
      await kubectl('create namespace after-backup')
      const backup = join(folder, 'small', taken()[0]!)
      const written = await watchDisks(lab, [host])
      const refused = await run('restore', `backup=${backup}`)
      expect(failures(refused)).toMatch(/agent-2 answer, so the cluster works.*-e confirm=small/)
      expect(await written()).toEqual([])
      await lab.fresh(host)
      expect(failures(await run('cluster'))).toBe('')
      expect(await kubectl('get namespaces')).not.toContain('before-backup')
      expect(failures(await run('restore', `backup=${backup}`, 'confirm=small'))).toBe('')
      const namespaces = await kubectl('get namespaces')
      expect(namespaces).toContain('before-backup')
      expect(namespaces).not.toContain('after-backup')
      const then = await run('cluster')
      expect(failures(then)).toBe('')
      const again = await run('cluster')
      expect([failures(again), changes(again)]).toEqual(['', { [host]: 0 }])
      expect((await k3s.sh(host, 'ls -A /etc/rancher/k3s /var/lib/rancher/k3s/server')).text).not.toMatch(
        /before-2|tsplay-restore/,
      )
    })
  })
}
