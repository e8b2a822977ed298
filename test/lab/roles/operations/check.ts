import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { watchDisks } from '../disks.js'
import { failures, type Played } from '../play.js'
import { hosts, type OperatedCluster } from './cluster.js'

/** What each playbook is given so that it has something to do; what needs files of its own is foretold beside its test. */
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
  reset: ['confirm=yes'],
}

/** Runs a playbook that would change something in check mode: it must come to its end and write nothing, nor restart k3s. */
export const foretell = async (
  cluster: OperatedCluster,
  name: string,
  words: readonly string[],
): Promise<Played> => {
  const before = await cluster.started()
  const touched = await watchDisks(cluster.lab, hosts)
  const given = words.flatMap((word) => ['-e', word])
  const checked = await cluster.run(name, '--check', '--diff', ...given)
  expect(failures(checked)).toBe('')
  expect(await touched()).toEqual([])
  expect(await cluster.started()).toEqual(before)
  return checked
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
        await foretell(cluster, name, [...given, ...words])
        expect(existsSync(folder)).toBe(false)
      },
    )
  })
}
