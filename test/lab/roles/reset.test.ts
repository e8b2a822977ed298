import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { changes, failures, type Played, play, readInventory, writeInventory } from './play.js'

const hosts = ['server-1', 'server-2', 'server-3', 'agent-1']
let lab: Lab
let inventory: string

const reset = (...words: string[]): Promise<Played> => play(inventory, 'reset', '-e', 'confirm=yes', ...words)
const active = async (): Promise<string[]> => {
  const { stdout } = await lab.exec('server-1', 'sudo k3s kubectl get nodes --no-headers')
  return stdout.split('\n').flatMap((line) => (/^\S+\s+Ready\s/.test(line) ? [line.split(/\s+/)[0]!] : []))
}

beforeAll(async () => {
  lab = openLab(inject('labDir'))
  await Promise.all(hosts.map((name) => lab.fresh(name)))
  const data = readInventory(lab)
  const { agent } = data.k3s_cluster.children
  delete agent.hosts['agent-2']
  inventory = writeInventory(lab, 'reset', data)
  expect(failures(await play(inventory, 'cluster'))).toBe('')
})

afterAll(() => Promise.all(hosts.map((name) => lab.fresh(name))))

describe('a reset of some hosts', () => {
  it.each(['server-2', 'agent-1'])(
    'is refused for %s, which is a node of a cluster that goes on',
    async (name) => {
      const refused = await reset('--limit', name)
      expect(refused.code).toBe(2)
      expect(failures(refused)).toMatch(/would leave a cluster that goes on behind: remove-node\.yaml/)
      expect(await active()).toEqual([...hosts].sort())
    },
  )

  it('is done for one that was removed while it was away', async () => {
    await lab.exec('server-1', 'sudo k3s kubectl delete node agent-1')
    const done = await reset('--limit', 'agent-1')
    expect(failures(done)).toBe('')
    expect((await lab.exec('agent-1', 'ls -d /etc/rancher /var/lib/rancher')).code).not.toBe(0)
    expect(await active()).toEqual(['server-1', 'server-2', 'server-3'])
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

  it('wants switches that it knows', async () => {
    const refused = await reset('-e', '{"k3s_reset_keep":["log"]}')
    expect(failures(refused)).toContain('do not know log; nothing was removed')
    expect(await active()).toEqual(['server-1', 'server-2', 'server-3'])
  })

  it('keeps the data below a mount, even one in use, and what others made', async () => {
    expect((await lab.exec('server-2', `sudo sh -c '${foreign.join(' && ')}'`)).stderr).toBe('')
    const done = await reset()
    expect(failures(done)).toBe('')
    expect((await lab.exec('server-2', 'cat /srv/data/file /etc/cni/net.d/10-other.conf')).stdout).toBe(
      'precious\ntheirs\n',
    )
    expect(done.output).toContain("cni /etc/cni/net.d: not k3s's own")
    expect((await lab.exec('server-2', 'ls -d /var/lib/kubelet /etc/rancher')).code).not.toBe(0)
    const rules = (await lab.exec('server-2', 'sudo iptables-save')).stdout
    expect(rules).toContain('like KUBE-LEFT and CNI-')
    expect(rules).not.toMatch(/:KUBE-|-j KUBE-/)
  })

  it('does not change on a second run, unless more is asked for', async () => {
    expect(Math.max(...Object.values(changes(await reset())))).toBe(0)
    const more = await reset('-e', '{"k3s_reset_also":["cni"]}')
    expect(failures(more)).toBe('')
    expect(changes(more)).toMatchObject({ 'server-1': 0, 'server-2': 1 })
    expect((await lab.exec('server-2', 'ls /etc/cni/net.d')).code).not.toBe(0)
  })
})
