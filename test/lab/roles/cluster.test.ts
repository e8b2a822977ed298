import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { watchDisks } from './disks.js'
import { changes, failures, play, readInventory, writeInventory } from './play.js'

const servers = ['server-1', 'server-2', 'server-3']
const nodes = [...servers, 'agent-1', 'agent-2']
const none = Object.fromEntries(nodes.map((name) => [name, 0]))
let lab: Lab
let token: string

const everywhere = async (command: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(nodes.map(async (name) => [name, (await lab.exec(name, command)).stdout.trim()])),
  )
const freshHosts = () => Promise.all(nodes.map((name) => lab.fresh(name)))
const addressOf = (name: string): string => lab.hosts.find((host) => host.name === name)!.address
const reaches = async (from: string, to: string, port: number): Promise<boolean> =>
  (await lab.exec(from, `timeout 2 bash -c '</dev/tcp/${addressOf(to)}/${port}'`)).code === 0
const ready = async (): Promise<string[]> => {
  const { stdout } = await lab.exec('server-1', 'sudo k3s kubectl get nodes --no-headers')
  return stdout.split('\n').flatMap((line) => (/^\S+\s+Ready\s/.test(line) ? [line.split(/\s+/)[0]!] : []))
}

beforeAll(async () => {
  lab = openLab(ourLabDir())
  token = String(readInventory(lab).k3s_cluster.vars.token)
  await freshHosts()
  await everywhere('sudo sh -c "ufw allow 22/tcp; ufw allow 8080/tcp comment mine; ufw --force enable"')
})

afterAll(freshHosts)

describe('the first cluster', () => {
  it('is foretold on fresh hosts, and nothing is written', async () => {
    const touched = await watchDisks(lab, nodes)
    const foretold = await play(lab.inventoryPath, 'cluster', '--check', '--diff')
    expect(failures(foretold)).toBe('')
    for (const name of nodes) expect(foretold.stats[name]).toMatchObject({ failed: 0, unreachable: 0 })
    expect(Math.min(...Object.values(changes(foretold)))).toBeGreaterThan(5)
    expect(foretold.output).not.toContain(token)
    expect(await touched()).toEqual([])
  })

  it('comes up, every node Ready', async () => {
    const made = await play(lab.inventoryPath, 'cluster')
    expect(failures(made)).toBe('')
    expect(made.code).toBe(0)
    expect(await ready()).toEqual([...nodes].sort())
    expect(made.output).not.toContain(token)
  })

  it('does not change on a second run', async () => {
    const again = await play(lab.inventoryPath, 'cluster')
    expect(failures(again)).toBe('')
    expect(changes(again)).toEqual(none)
    const check = await play(lab.inventoryPath, 'cluster', '--check', '--fail-on-change')
    expect([check.code, changes(check)]).toEqual([0, none])
  })

  it('keeps its token where only root reads it', async () => {
    const readable = `sudo grep -rls ${token} /etc /usr/local /home | xargs -r sudo stat -c %a | sort -u`
    expect(await everywhere(readable)).toEqual(Object.fromEntries(nodes.map((name) => [name, '600'])))
    const argv = await everywhere(
      'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; done | grep "k3s [sa]"',
    )
    for (const name of nodes) expect(argv[name]).toMatch(/k3s (server|agent)/)
    for (const name of nodes) expect(argv[name]).not.toContain(token)
  })

  it('gives joiners the form of the token that names the CA', async () => {
    const { stdout } = await lab.exec('server-2', 'sudo grep ^token: /etc/rancher/k3s/config.yaml')
    expect(stdout).toMatch(/^token: K10[0-9a-f]{64}::server:/)
  })

  it('lets the user who logs in use kubectl on a server', async () => {
    const { stdout } = await lab.exec('server-1', 'KUBECONFIG=~/.kube/config kubectl get nodes --no-headers')
    expect(stdout.trim().split('\n')).toHaveLength(5)
  })
})

describe('a change', () => {
  it('restarts only the node whose files differ from what its k3s has read', async () => {
    const started = 'systemctl show -P ActiveEnterTimestampMonotonic k3s k3s-agent | tr "\\n" " "'
    const before = await everywhere(started)
    await lab.exec(
      'agent-1',
      'sudo mkdir -p /etc/rancher/k3s/config.yaml.d && echo "node-label+: [a=b]" | sudo tee /etc/rancher/k3s/config.yaml.d/a.yaml',
    )
    const restarted = await play(lab.inventoryPath, 'cluster')
    expect(failures(restarted)).toBe('')
    const after = await everywhere(started)
    expect(nodes.filter((name) => before[name] !== after[name])).toEqual(['agent-1'])
    expect(changes(await play(lab.inventoryPath, 'cluster'))).toEqual(none)
  })

  it('of the registries goes through the nodes, one server at a time', async () => {
    const inventory = readInventory(lab)
    inventory.k3s_cluster.vars.registries_config_yaml = {
      mirrors: { 'docker.io': { endpoint: ['https://a.example'] } },
    }
    const path = writeInventory(lab, 'registries', inventory)
    // Of one kernel, so of one clock: when each k3s was ended and when it ran again.
    const times = async () =>
      Object.entries(
        await everywhere(
          'for unit in k3s k3s-agent; do systemctl is-active -q $unit && systemctl show -P InactiveEnterTimestampMonotonic -P ActiveEnterTimestampMonotonic $unit; done',
        ),
      ).map(([name, text]) => ({ name, times: text.split('\n').map(Number) }))
    const before = await times()
    const changed = await play(path, 'cluster')
    expect(failures(changed)).toBe('')
    const after = await times()
    const newest = (all: typeof before) => all.map((node) => Math.max(...node.times))
    expect(newest(after).map((time, index) => time > newest(before)[index]!)).toEqual(nodes.map(() => true))
    const down = (index: number) => Math.min(...after[index]!.times)
    const up = (index: number) => newest(after)[index]!
    for (const index of [1, 2]) expect(down(index), `${servers[index]}`).toBeGreaterThan(up(index - 1))
    for (const index of [3, 4]) expect(down(index), `${nodes[index]}`).toBeGreaterThan(up(2))
    const read = await everywhere(
      'sudo stat -c %a /etc/rancher/k3s/registries.yaml; sudo cat /etc/rancher/k3s/registries.yaml',
    )
    for (const name of nodes) expect(read[name]).toMatch(/^600\n[\s\S]*https:\/\/a\.example/)
    expect(await ready()).toEqual([...nodes].sort())
    expect(changes(await play(path, 'cluster'))).toEqual(none)
  })

  it('that keeps k3s from starting fails in time, with the journal, and the other servers stay', async () => {
    const inventory = readInventory(lab)
    inventory.k3s_cluster.vars.server_config_yaml = 'flannel-backend: nonsense\n'
    const failed = await play(writeInventory(lab, 'broken', inventory), 'cluster')
    expect(failed.code).toBe(2)
    expect(failures(failed)).toMatch(/could not restart k3s.service[\s\S]*Unknown flannel backend nonsense/)
    expect(await lab.exec('server-2', 'systemctl is-active k3s')).toMatchObject({ code: 0 })
    const repaired = await play(lab.inventoryPath, 'cluster')
    expect(failures(repaired)).toBe('')
    expect(await ready()).toEqual([...nodes].sort())
  })
})

describe('the firewall', () => {
  it('opens etcd between servers and to nobody else', async () => {
    expect(await reaches('server-2', 'server-1', 2380)).toBe(true)
    expect(await reaches('agent-1', 'server-1', 2380)).toBe(false)
    expect(await reaches('agent-1', 'server-1', 6443)).toBe(true)
    expect(await reaches('agent-1', 'agent-2', 10250)).toBe(true)
  })

  it('closes what a node that left had, and keeps what is not its own', async () => {
    const inventory = readInventory(lab)
    delete inventory.k3s_cluster.children.agent.hosts['agent-2']
    const left = await play(writeInventory(lab, 'left', inventory), 'cluster')
    expect(failures(left)).toBe('')
    const rules = await lab.exec('server-1', 'sudo ufw status')
    expect(rules.stdout).not.toContain(addressOf('agent-2'))
    expect(rules.stdout).toContain(addressOf('agent-1'))
    expect(rules.stdout).toContain('# mine')
  })

  it('closes nothing when it sees only some of the nodes', async () => {
    const limited = await play(lab.inventoryPath, 'cluster', '--limit', 'agent-1')
    expect(failures(limited)).toBe('')
    expect((await lab.exec('agent-1', 'sudo ufw status')).stdout).toContain(addressOf('server-3'))
  })
})

describe('the reset', () => {
  it('goes on neither without an answer nor with a wrong one', async () => {
    const silent = await play(lab.inventoryPath, 'reset')
    expect([silent.code, silent.events]).toEqual([1, []])
    const wrong = await play(lab.inventoryPath, 'reset', '-e', 'confirm=another')
    expect(wrong.code).toBe(2)
    expect(await ready()).toEqual([...nodes].sort())
  })

  it('leaves nothing behind, and what is not ours alone', async () => {
    const foreign = [
      'mkdir -p /srv/data /var/lib/kubelet/pods/x/volume && echo precious >/srv/data/file',
      'mount --bind /srv/data /var/lib/kubelet/pods/x/volume',
      'iptables -N KUBE-LEFT && iptables -A INPUT -j KUBE-LEFT',
      'iptables -A INPUT -p tcp --dport 9999 -m comment --comment "not ours" -j ACCEPT',
      'mkdir -p /etc/init.d /etc/runlevels/default && echo >/var/log/k3s.log && echo >/etc/logrotate.d/k3s',
      'echo "#!/sbin/openrc-run" >/etc/init.d/k3s && ln -s /etc/init.d/k3s /etc/runlevels/default/k3s',
    ]
    expect((await lab.exec('agent-1', `sudo sh -c '${foreign.join(' && ')}'`)).stderr).toBe('')
    const reset = await play(lab.inventoryPath, 'reset', '-e', 'confirm=yes')
    expect(failures(reset)).toBe('')
    expect(reset.code).toBe(0)
    const left = await everywhere(
      'ls -d /etc/rancher /var/lib/rancher /run/k3s /run/flannel /usr/local/bin/* /etc/systemd/system/k3s* ' +
        '/etc/init.d/k3s* /etc/runlevels/*/k3s* /etc/logrotate.d/k3s* /var/log/k3s* 2>/dev/null; ' +
        'ip -o link | grep -E "cni0|flannel"; sudo ufw status | grep k3s; pgrep -f "k3s [sa]"',
    )
    expect(left).toEqual(Object.fromEntries(nodes.map((name) => [name, ''])))
    expect((await lab.exec('agent-1', 'cat /srv/data/file')).stdout).toBe('precious\n')
    expect((await lab.exec('agent-1', 'ls /var/lib/kubelet')).code).not.toBe(0)
    const tables = (await lab.exec('agent-1', 'sudo iptables-save')).stdout
    expect(tables).toContain('not ours')
    expect(tables).not.toContain('KUBE-')
    const rules = await everywhere('sudo ufw status')
    for (const name of nodes) expect(rules[name]).toMatch(/Status: active[\s\S]*22\/tcp[\s\S]*# mine/)
    expect(changes(await play(lab.inventoryPath, 'reset', '-e', 'confirm=tsplay-lab'))).toEqual(none)
  })

  it('is followed by a new cluster', async () => {
    const made = await play(lab.inventoryPath, 'cluster')
    expect(failures(made)).toBe('')
    expect(await ready()).toEqual([...nodes].sort())
  })
})

describe('a first server that lost its disk', () => {
  it('does not make a second cluster', async () => {
    await lab.fresh('server-1')
    const refused = await play(lab.inventoryPath, 'cluster')
    expect(refused.code).toBe(2)
    expect(failures(refused)).toMatch(/second cluster beside server-2, server-3/)
    expect((await lab.exec('server-1', 'systemctl is-active k3s')).code).not.toBe(0)
  })
})
