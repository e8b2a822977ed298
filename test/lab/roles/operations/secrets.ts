import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { watchDisks } from '../disks.js'
import { changes, failures } from '../play.js'
import { hosts, none, type OperatedCluster, servers } from './cluster.js'

/** What a cluster keeps secret: its token, and the key of its Secrets. */
export const describeSecrets = (cluster: OperatedCluster): void => {
  describe('token.yaml', () => {
    it('gives every node the new token, which is not shown, and leaves nothing to do for cluster.yaml', async () => {
      const path = join(cluster.lab.dir, 'token')
      const repair = cluster.breakStart('server-3')
      const failed = await cluster.run('token', '-e', `save_token=${path}`)
      expect(failed.code).toBe(2)
      const told = await Promise.all(
        servers.map((name) => cluster.k3s.sh(name, 'cat /var/lib/rancher/k3s/server/.tsplay-token-next')),
      )
      expect(new Set(told.map(({ text }) => text)).size).toBe(1)
      await repair()
      const rotated = await cluster.run('token', '-e', `save_token=${path}`)
      expect(failures(rotated)).toBe('')
      const token = readFileSync(path, 'utf8').trim()
      expect(failed.output + rotated.output).not.toContain(token)
      expect(rotated.output).toContain('put the new token into the inventory')
      expect(await cluster.ready()).toEqual([...hosts].sort())
      const written = await watchDisks(cluster.lab, hosts)
      const old = await cluster.run('cluster')
      expect(failures(old)).toMatch(/the token of the inventory is not that of the cluster/)
      expect([changes(old), await written()]).toEqual([none, []])
      cluster.vars.token = token
      const then = await cluster.run('cluster', '--check')
      expect(failures(then)).toBe('')
      expect(changes(then)).toMatchObject({ 'agent-1': 0 })
      const kept = await cluster.k3s.sh('server-1', 'ls -a /var/lib/rancher/k3s/server')
      expect(kept.text).toMatch(/token-until-\d{4}/)
      expect(kept.text).not.toContain('tsplay-token')
    })
  })

  describe('secrets-encryption.yaml', () => {
    it('turns encryption on where it was turned off, also after a server that did not start, and all have loaded the same', async () => {
      expect((await cluster.k3s.sh('server-1', 'k3s secrets-encrypt disable')).text).toContain('disabled')
      await Promise.all(servers.map((name) => cluster.k3s.sh(name, 'systemctl restart k3s')))
      const written = await watchDisks(cluster.lab, hosts)
      const refused = await cluster.run('secrets-encryption', '-e', 'rotate=true')
      expect(failures(refused)).toMatch(/Secrets are not encrypted.*-e enable=true/)
      expect(await written()).toEqual([])
      const repair = cluster.breakStart('server-3')
      const failed = await cluster.run('secrets-encryption', '-e', 'enable=true')
      expect(failures(failed)).toContain('restart k3s on server-3')
      await repair()
      const hurry = cluster.breakStart('server-3', { mode: 'slow', ms: 3000 })
      const half = await cluster.run('secrets-encryption', '-e', 'rotate=true')
      expect(failures(half)).toMatch(
        /being turned on when a run was cut off: -e enable=true goes on with that/,
      )
      const on = await cluster.run('secrets-encryption', '-e', 'enable=true')
      await hurry()
      expect(failures(on)).toBe('')
      expect(on.output).toMatch(/Encryption Status: Enabled/)
      expect(on.output).toMatch(/reencrypt_finished/)
      expect(on.output).toMatch(/All hashes match/)
      const again = await cluster.run('secrets-encryption', '-e', 'enable=true')
      expect([failures(again), Math.max(...Object.values(changes(again)))]).toEqual(['', 0])
    })
  })
}
