import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { watchDisks } from '../disks.js'
import { failures } from '../play.js'
import { hosts, type OperatedCluster } from './cluster.js'

/** What each playbook is given so that it has something to do. */
const playbooks: Record<string, string[]> = {
  backup: [],
  certificates: ['rotate=true'],
  token: [],
  'secrets-encryption': ['rotate=true'],
  kubeconfig: [],
  stop: ['kill=true'],
  start: [],
  reboot: ['drain=true'],
  upgrade: ['k3s_version=v1.34.2+k3s1'],
  scale: ['prune=true'],
  'remove-node': ['node=server-1'],
  restore: ['from=server-1', 'confirm=tsplay-lab'],
  reset: ['confirm=yes'],
}

export const describeCheck = (cluster: OperatedCluster): void => {
  describe('check mode', () => {
    it.each(Object.entries(playbooks))(
      'of %s.yaml comes to its end and writes nothing',
      async (name, words) => {
        const folder = join(cluster.lab.dir, 'checked')
        const given = [
          `backup_dir=${folder}`,
          `kubeconfig=${folder}`,
          `airgap_dir=${join(cluster.lab.dir, 'k3s/v1.34.2+k3s1')}`,
        ]
        const before = await cluster.started()
        const touched = await watchDisks(cluster.lab, hosts)
        const checked = await cluster.run(
          name,
          '--check',
          '--diff',
          ...[...given, ...words].flatMap((word) => ['-e', word]),
        )
        expect(failures(checked)).toBe('')
        expect(await touched()).toEqual([])
        expect(await cluster.started()).toEqual(before)
        expect(existsSync(folder)).toBe(false)
      },
    )
  })
}
