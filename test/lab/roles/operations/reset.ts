import { describe, expect, it } from 'vitest'
import { watchDisks } from '../disks.js'
import { changes, failures, type Played } from '../play.js'
import { hosts, type OperatedCluster, podsLeft, servers, startPods } from './cluster.js'

const boot = '/boot/firmware/cmdline.txt'
/** What the role that prepares hosts wrote on them. */
const prepared =
  'ls /etc/sysctl.d/90-tsplay-k3s.conf /etc/modules-load.d/tsplay-k3s.conf 2>/dev/null; sysctl -n net.ipv4.ip_forward'

/** The end of the cluster. Before it was made, agent-1 did not forward packets. */
export const describeReset = (cluster: OperatedCluster): void => {
  const { lab, k3s } = cluster
  const reset = (...words: string[]): Promise<Played> => cluster.run('reset', '-e', 'confirm=yes', ...words)

  describe('a reset of some hosts', () => {
    it('is refused for nodes of a cluster that goes on', async () => {
      const touched = await watchDisks(lab, hosts)
      for (const name of ['server-2', 'agent-1']) {
        const refused = await reset('--limit', name)
        expect(refused.code).toBe(2)
        expect(failures(refused)).toMatch(/would leave a cluster that goes on behind: remove-node\.yaml/)
      }
      expect(await touched()).toEqual([])
      expect(await cluster.ready()).toEqual([...hosts].sort())
    })

    it('is done for one that was removed while it was away, and puts the host back to what it was', async () => {
      const files = `mkdir -p /boot/firmware; echo before >${boot}.before-tsplay; echo after >${boot}`
      const record = `echo "boot ${boot} $(sha256sum <${boot} | cut -d ' ' -f 1)" >>/etc/rancher/k3s/.tsplay-host`
      expect((await k3s.sh('agent-1', `${files}; ${record}; ${prepared}`)).text).toMatch(/sysctl\.d.*\n1\n$/)
      await cluster.kubectl('delete node agent-1')
      const done = await reset('--limit', 'agent-1')
      expect(failures(done)).toBe('')
      expect(
        (await k3s.sh('agent-1', `ls -d /etc/rancher /var/lib/rancher; ls ${boot}.before-tsplay`)).text,
      ).not.toMatch(/^\//m)
      expect((await k3s.sh('agent-1', `${prepared}; cat ${boot}`)).text).toBe('0\nbefore\n')
      expect(await cluster.ready()).toEqual(servers)
    })
  })

  describe('a reset of all', () => {
    const foreign = [
      'mkdir -p /srv/data "/var/lib/kubelet/pods/x/a volume" /var/lib/kubelet/pods/y /etc/cni/net.d',
      'echo precious >/srv/data/file',
      'echo theirs >/etc/cni/net.d/10-other.conf',
      'mount --bind /srv/data "/var/lib/kubelet/pods/x/a volume"',
      'mount -t tmpfs tmpfs /var/lib/kubelet/pods/y',
      'cd /var/lib/kubelet/pods/y && (setsid sleep 600 >/dev/null 2>&1 &)',
      'iptables -N KUBE-LEFT && iptables -A INPUT -j KUBE-LEFT',
      'iptables -A INPUT -p tcp --dport 9999 -m comment --comment "like KUBE-LEFT and CNI-" -j ACCEPT',
    ]
    /** A volume whose server does not answer: whoever detaches it hangs. */
    const hangs = [
      'mkdir -p /var/lib/kubelet/pods/z/far',
      'mount -t tmpfs tmpfs /var/lib/kubelet/pods/z/far',
      'echo precious >/var/lib/kubelet/pods/z/far/file',
      `printf '#!/bin/sh\\ncase "$*" in */far) exec sleep 100 ;; esac\\nexec /usr/bin/umount "$@"\\n' >/usr/local/sbin/umount`,
      'chmod +x /usr/local/sbin/umount',
    ]

    it('wants switches that it knows', async () => {
      const refused = await reset('-e', '{"k3s_reset_keep":["log"]}')
      expect(failures(refused)).toContain('do not know log; nothing was removed')
      expect(await cluster.ready()).toEqual(servers)
    })

    it('keeps the data below a mount, even one in use, and what others made, and tells by kind what it could not remove', async () => {
      expect((await k3s.sh('server-2', foreign.join(' && '))).text).toBe('')
      await k3s.sh('server-2', startPods)
      expect((await k3s.sh('server-3', hangs.join(' && '))).text).toBe('')
      const done = await reset('-e', 'k3s_umount_timeout=1')
      expect(failures(done)).toBe(
        'nothing is left on server-3: left on this host: files: /var/lib/kubelet; mounts: /var/lib/kubelet/pods/z/far',
      )
      const file = '/var/lib/kubelet/pods/z/far/file'
      expect((await k3s.sh('server-3', `cat ${file}; /usr/bin/umount ${file.slice(0, -5)}`)).text).toBe(
        'precious\n',
      )
      expect((await k3s.sh('server-2', 'cat /srv/data/file /etc/cni/net.d/10-other.conf')).text).toBe(
        'precious\ntheirs\n',
      )
      expect((await k3s.sh('server-2', podsLeft)).text).toBe(' 6003')
      expect(done.output).toContain("cni /etc/cni/net.d: not k3s's own")
      expect((await k3s.sh('server-2', 'ls -d /var/lib/kubelet /etc/rancher')).code).not.toBe(0)
      const rules = (await k3s.sh('server-2', 'iptables-save')).text
      expect(rules).toContain('like KUBE-LEFT and CNI-')
      expect(rules).not.toMatch(/:KUBE-|-j KUBE-/)
    })

    it('is completed by a second run, and a third changes nothing, unless more is asked for', async () => {
      expect(failures(await reset())).toBe('')
      expect(Math.max(...Object.values(changes(await reset())))).toBe(0)
      const more = await reset('-e', '{"k3s_reset_also":["cni"]}')
      expect(failures(more)).toBe('')
      expect(changes(more)).toMatchObject({ 'server-1': 0, 'server-2': 1 })
      expect((await k3s.sh('server-2', 'ls /etc/cni/net.d')).code).not.toBe(0)
    })
  })
}
