import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { issue, type Pair } from '../../k3s/src/pki/issue.js'
import { watchDisks } from '../disks.js'
import { changedTasks, changes, failures } from '../play.js'
import { foretell } from './check.js'
import { batches, hosts, none, type OperatedCluster, servers } from './cluster.js'

const tls = '/var/lib/rancher/k3s/server/tls'

export const describeCertificates = (cluster: OperatedCluster): void => {
  /** A folder of CAs; what is there already goes. */
  const folderOf = (cas: Record<string, Pair>): string => {
    const folder = join(cluster.lab.dir, 'ca')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const [name, { cert, key }] of Object.entries(cas)) {
      writeFileSync(join(folder, `${name}.crt`), cert)
      writeFileSync(join(folder, `${name}.key`), key, { mode: 0o600 })
    }
    return folder
  }
  const read = async (file: string): Promise<string> => (await cluster.k3s.sh('server-1', `cat ${file}`)).text
  /** The CA that each node has taken. */
  const taken = async (): Promise<string[]> => {
    const file = '/var/lib/rancher/k3s/agent/server-ca.crt'
    const found = await cluster.everywhere(`cat ${tls}/server-ca.crt 2>/dev/null || cat ${file}`)
    return [...new Set(Object.values(found))]
  }
  /** The parts of tokens that name a CA, wherever nodes are told one. */
  const named = async (): Promise<string[]> => {
    const files = '/etc/rancher/k3s/config.yaml /var/lib/rancher/k3s/server/token'
    const found = await cluster.everywhere(`grep -oh "K10[0-9a-f]*" ${files} 2>/dev/null`)
    return [...new Set(Object.values(found).flatMap((text) => text.split('\n')))]
  }
  const settled = async (): Promise<void> => {
    expect(await cluster.ready()).toEqual([...hosts].sort())
    expect(await named()).toHaveLength(1)
    expect(await cluster.kubectl('get namespace precious -o name')).toContain('precious')
  }

  describe('certificates.yaml', () => {
    it('only looks by default, and fails below the days that are asked for', async () => {
      const looked = await cluster.run('certificates', '-e', 'min_days=400')
      expect(looked.code).toBe(2)
      expect(failures(looked)).toMatch(/end within 400 days[\s\S]*rotate=true/)
      expect(changes(looked)).toEqual(none)
    })

    it('refuses a CA of another root, of whichever kind, until it is said that it is meant', async () => {
      const present = { cert: await read(`${tls}/server-ca.crt`), key: await read(`${tls}/server-ca.key`) }
      const folder = folderOf({
        'server-ca': present,
        'client-ca': issue({ commonName: 'another', days: 30 }),
      })
      const written = await watchDisks(cluster.lab, hosts)
      const refused = await cluster.run('certificates', '-e', `ca_dir=${folder}`)
      expect(failures(refused)).toMatch(/client-ca\.crt of .*another root[\s\S]*confirm=tsplay-lab/)
      expect(await written()).toEqual([])
    })

    it('takes CAs that the present root has signed, server by server, and goes on where a server did not start', async () => {
      const root = { cert: await read(`${tls}/server-ca.crt`), key: await read(`${tls}/server-ca.key`) }
      const below = issue({ commonName: 'below the root', ca: root, isCa: true, days: 300 })
      const folder = folderOf({ 'server-ca': { ...below, cert: below.cert + root.cert } })
      const before = await named()
      await foretell(cluster, 'certificates', [`ca_dir=${folder}`])
      const repair = cluster.breakStart('server-3')
      const failed = await cluster.run('certificates', '-e', `ca_dir=${folder}`)
      expect(failures(failed)).toContain('restart k3s on server-3')
      expect(changes(failed)['agent-1']).toBe(0)
      await repair()
      const ran = await cluster.run('certificates', '-e', `ca_dir=${folder}`)
      expect(failures(ran)).toBe('')
      expect(batches(ran).slice(0, 3)).toEqual(servers)
      expect(await taken()).toEqual([(below.cert + root.cert).trim()])
      // A chain is named by its root, a single certificate by its file.
      expect(await named()).not.toEqual(before)
      await settled()
      const again = await cluster.run('certificates', '-e', `ca_dir=${folder}`)
      expect([failures(again), changes(again)]).toEqual(['', none])
    })

    it('takes a CA of another root, all servers at once, where that is meant', async () => {
      const other = issue({ commonName: 'another', days: 300 })
      const folder = folderOf({ 'server-ca': other })
      const meant = ['-e', `ca_dir=${folder}`, '-e', 'force=true', '-e', 'confirm=tsplay-lab']
      const ran = await cluster.run('certificates', ...meant)
      expect(failures(ran)).toBe('')
      expect(await taken()).toEqual([other.cert.trim()])
      await settled()
      const then = await cluster.run('cluster', '--check')
      expect(failures(then)).toBe('')
      // What the user who logs in was given is a copy from before.
      expect(changedTasks(then)).toEqual(['kubeconfig of the user'])
      expect(servers.map((name) => changes(then)[name])).toEqual([1, 1, 1])
    })
  })
}
