import { describe, expect, it } from 'vitest'
import { changes, failures, playWatched } from '../play.js'
import { batches, hosts, none, type OperatedCluster, podsLeft, servers, startPods } from './cluster.js'

const active = 'systemctl is-active k3s k3s-agent | grep -c "^active"'
const all = (value: string) => Object.fromEntries(hosts.map((name) => [name, value]))

export const describePower = (cluster: OperatedCluster): void => {
  describe('the cluster as a whole', () => {
    it('is stopped, with its pods where that is asked for, and started; a repetition finds nothing to do', async () => {
      await cluster.k3s.sh('agent-1', startPods)
      expect(failures(await cluster.run('stop'))).toBe('')
      expect(await cluster.everywhere(active)).toEqual(all('0'))
      expect((await cluster.k3s.sh('agent-1', podsLeft)).text).toBe(' 6001 6002 6003')
      expect(changes(await cluster.run('stop'))).toEqual(none)
      expect(failures(await cluster.run('stop', '-e', 'kill=true'))).toBe('')
      expect((await cluster.k3s.sh('agent-1', podsLeft)).text).toBe(' 6003')
      expect(failures(await cluster.run('start'))).toBe('')
      expect(await cluster.ready()).toEqual([...hosts].sort())
      expect(changes(await cluster.run('start'))).toEqual(none)
    })

    it('is rebooted one server at a time, and a run that was cut goes on with the others', async () => {
      const boots = () => cluster.everywhere('cat /proc/sys/kernel/random/boot_id')
      const before = await boots()
      const stop = new AbortController()
      const cut = await playWatched(cluster.inventory(), 'reboot', [], {
        stop: stop.signal,
        onEvent: (event) => {
          if (event.type === 'batch_started' && event.hosts[0] === 'server-2') stop.abort()
        },
      })
      expect(cut.code).toBe(130)
      const between = await boots()
      expect(hosts.filter((name) => between[name] !== before[name])).toEqual(['server-1'])
      const done = await cluster.run('reboot')
      expect(failures(done)).toBe('')
      expect(batches(done).slice(0, 3)).toEqual(servers)
      const after = await boots()
      expect(hosts.filter((name) => after[name] !== between[name])).toEqual(hosts.slice(1))
      expect(await cluster.ready()).toEqual([...hosts].sort())
      expect(await cluster.everywhere('ls -A /etc/rancher/k3s | grep rebooted')).toEqual(all(''))
    })
  })
}
