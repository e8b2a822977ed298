import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { changes, failures } from '../play.js'
import type { OperatedCluster } from './cluster.js'

interface Kubeconfig {
  'current-context': string
  contexts: { name: string; context: Record<string, string> }[]
  clusters: { name: string; cluster: Record<string, string> }[]
  users: { name: string; user: Record<string, string> }[]
}
/** What somebody has already: a cluster of their own, and fields that only they know. */
const mine: Kubeconfig & Record<string, unknown> = {
  'current-context': 'mine',
  contexts: [{ name: 'mine', context: { cluster: 'c', user: 'u', namespace: 'n' } }],
  clusters: [{ name: 'c', cluster: { server: 'https://192.0.2.1:6443' } }],
  users: [{ name: 'u', user: { token: 'secret' } }],
  extensions: [{ name: 'x', extension: { a: 1 } }],
}

export const describeKubeconfig = (cluster: OperatedCluster): void => {
  describe('kubeconfig.yaml', () => {
    it('adds the cluster to a kubeconfig, once, leaves all else, and keeps the file from before', async () => {
      const folder = join(cluster.lab.dir)
      const path = join(folder, 'kubeconfig.yaml')
      const backups = () => readdirSync(folder).filter((name) => name.startsWith('kubeconfig.yaml.'))
      for (const name of ['kubeconfig.yaml', ...backups()]) rmSync(join(folder, name), { force: true })
      writeFileSync(path, JSON.stringify(mine), { mode: 0o644 })
      const added = await cluster.run('kubeconfig', '-e', `kubeconfig=${path}`)
      expect(failures(added)).toBe('')
      const written = parse(readFileSync(path, 'utf8')) as typeof mine
      const others = (key: 'contexts' | 'clusters' | 'users') =>
        written[key].filter(({ name }) => name !== 'tsplay-lab')
      expect({
        ...written,
        contexts: others('contexts'),
        clusters: others('clusters'),
        users: others('users'),
      }).toMatchObject(mine)
      expect(written.contexts.map(({ name }) => name)).toEqual(['mine', 'tsplay-lab'])
      expect(written.clusters[1]!.cluster.server).toMatch(/:6443$/)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(backups().map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual([
        JSON.stringify(mine),
      ])
      const again = await cluster.run('kubeconfig', '-e', `kubeconfig=${path}`)
      expect([failures(again), Math.max(...Object.values(changes(again)))]).toEqual(['', 0])
      const chosen = await cluster.run('kubeconfig', '-e', `kubeconfig=${path}`, '-e', 'use_context=true')
      expect(failures(chosen)).toBe('')
      expect(readFileSync(path, 'utf8')).toContain('current-context: tsplay-lab')
    })
  })
}
