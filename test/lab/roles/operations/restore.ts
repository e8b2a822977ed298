import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { changedTasks, failures, type Played, playWatched } from '../play.js'
import { foretell } from './check.js'
import { batches, hosts, type OperatedCluster, servers } from './cluster.js'

/** A cluster whose servers all answer goes back to a backup: what they did since is not wanted any more. */
export const describeRestore = (cluster: OperatedCluster): void => {
  describe('restore.yaml', () => {
    /** Two interrupts kill a run while it is at a task of a host. */
    const killedAt = async (args: readonly string[], task: string, host: string): Promise<Played> => {
      const [stop, abort] = [new AbortController(), new AbortController()]
      return playWatched(cluster.inventory(), 'restore', args, {
        stop: stop.signal,
        abort: abort.signal,
        onEvent: (event) => {
          if (event.type !== 'task_started' || event.task.name !== task || !event.hosts.includes(host)) return
          stop.abort()
          setTimeout(() => abort.abort(), 200)
        },
      })
    }

    it('brings all servers back to a backup, and the same command goes on wherever it is cut', async () => {
      const folder = join(cluster.lab.dir, 'operations-backups')
      rmSync(folder, { recursive: true, force: true })
      expect(failures(await cluster.run('backup', '-e', `backup_dir=${folder}`))).toBe('')
      const [taken = ''] = readdirSync(join(folder, 'tsplay-lab'))
      const backup = `backup=${join(folder, 'tsplay-lab', taken)}`
      const words = ['-e', backup]
      await cluster.kubectl('create namespace after-backup')
      await foretell(cluster, 'restore', [backup, 'confirm=tsplay-lab'])
      // That it is meant is said once: what was begun has to come to its end.
      const cuts: [string, string, string[]][] = [
        ['its data in the place of that here', 'server-1', ['-e', 'confirm=tsplay-lab']],
        ['join', 'server-2', []],
      ]
      for (const [task, host, more] of cuts) {
        const cut = await killedAt([...words, ...more], task, host)
        expect([task, cut.code]).toEqual([task, 130])
      }
      const done = await cluster.run('restore', ...words)
      expect(failures(done)).toBe('')
      expect(batches(done)).toEqual(expect.arrayContaining(servers))
      expect(await cluster.ready()).toEqual([...hosts].sort())
      const namespaces = await cluster.kubectl('get namespaces -o name')
      expect(namespaces).toContain('precious')
      expect(namespaces).not.toContain('after-backup')
      const again = await cluster.run('cluster')
      expect(failures(again)).toBe('')
      // Which is a copy, of before the CA was replaced.
      expect(changedTasks(again).filter((name) => name !== 'kubeconfig of the user')).toEqual([])
      const left = await cluster.everywhere('ls -A /etc/rancher/k3s /var/lib/rancher/k3s/server 2>/dev/null')
      expect(Object.values(left).join()).not.toMatch(/before-2|tsplay-restore/)
    })
  })
}
