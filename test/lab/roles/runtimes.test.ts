import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join, normalize } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type K3sHosts, k3sHosts } from '../k3s/hosts.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { watchDisks } from './disks.js'
import { look } from './operations/status.js'
import { type ClusterInventory, changes, failures, play, readInventory, writeInventory } from './play.js'

const nodes = ['server-1', 'agent-1', 'agent-2', 'server-2']
const none = Object.fromEntries(nodes.map((name) => [name, 0]))
let lab: Lab
let k3s: K3sHosts
let mirror: Server
let corrupt = false

/** One server with SQLite and no token of ours, agents with the distribution's runtimes, k3s from a mirror. */
const inventoryOf = (
  version: string,
  docker: Record<string, unknown> = {},
  others: Record<string, Record<string, unknown>> = {},
  more: Record<string, unknown> = {},
): string => {
  const inventory: ClusterInventory = readInventory(lab)
  const { server, agent } = inventory.k3s_cluster.children
  const crio = server.hosts['server-2']
  server.hosts = { 'server-1': { ...server.hosts['server-1'], ...others['server-1'] } }
  agent.hosts = {
    'agent-1': { ...agent.hosts['agent-1'], extra_agent_args: '--docker', ...docker },
    'agent-2': { ...agent.hosts['agent-2'], container_runtime: 'containerd', ...others['agent-2'] },
    'server-2': { ...crio, container_runtime: 'crio', crio_packages: [] },
  }
  const { airgap_dir: _, token: __, ...vars } = inventory.k3s_cluster.vars
  const gateway = lab.hosts[0]!.address.replace(/\d+$/, '1')
  inventory.k3s_cluster.vars = {
    ...vars,
    k3s_version: version,
    k3s_mirror: `http://${gateway}:${(mirror.address() as AddressInfo).port}`,
    kubeconfig: join(lab.dir, 'kube', 'config'),
    registries_config_yaml: 'mirrors:\n  docker.io: { endpoint: ["https://mirror.example.com"] }\n',
    extra_service_envs: ['HTTPS_PROXY=http://me:hunter22@proxy.example.com'],
    ...more,
  }
  return writeInventory(lab, 'runtimes', inventory)
}
/**
 * Debian has no CRI-O, so the lab has none: this tells, as CRI-O does, which driver the service in its place has read. That shows
 * what the role does with CRI-O, not CRI-O.
 */
const crio = `#!/bin/sh
case "$*" in
  'status config') cat /run/crio-loaded ;;
  '')
    cat /etc/crio/crio.conf /etc/crio/crio.conf.d/*.conf 2>/dev/null | grep '^cgroup_manager' | tail -n 1 >/run/crio-loaded
    mkdir -p /run/crio && : >/run/crio/crio.sock
    exec sleep infinity ;;
esac
`
const crioUnit = '[Service]\nExecStart=/usr/local/bin/crio\n[Install]\nWantedBy=multi-user.target\n'
const putCrio = async (): Promise<void> => {
  const files = {
    '/usr/local/bin/crio': crio,
    '/etc/systemd/system/crio.service': crioUnit,
    '/etc/crio/crio.conf': '[crio.runtime]\ncgroup_manager = "cgroupfs"\n',
  }
  for (const [path, text] of Object.entries(files))
    await lab.exec(
      'server-2',
      `sudo mkdir -p /etc/crio && echo ${Buffer.from(text).toString('base64')} | base64 -d | sudo tee ${path}`,
    )
  await lab.exec('server-2', 'sudo chmod 755 /usr/local/bin/crio && sudo systemctl start crio')
}
const kubectl = async (words: string): Promise<string> =>
  (await lab.exec('server-1', `sudo k3s kubectl ${words}`)).stdout
/** Pods for every node. */
const busy = `apiVersion: apps/v1
kind: Deployment
metadata: { name: busy, namespace: busy }
spec:
  replicas: 8
  selector: { matchLabels: { app: busy } }
  template:
    metadata: { labels: { app: busy } }
    spec: { containers: [{ name: a, image: a }] }
`
const freshHosts = () => Promise.all(nodes.map((name) => lab.fresh(name)))

beforeAll(async () => {
  lab = openLab(ourLabDir())
  k3s = k3sHosts(lab)
  await freshHosts()
  await putCrio()
  mirror = createServer((request, response) => {
    const path = normalize(decodeURIComponent(request.url ?? '/'))
    readFile(join(lab.dir, 'k3s', path)).then(
      (body) =>
        response.end(corrupt && path.endsWith('/k3s') ? Buffer.concat([body, Buffer.from('x')]) : body),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => mirror.listen(0, resolve))
})

afterAll(async () => {
  await freshHosts()
  await new Promise((resolve) => mirror.close(resolve))
})

describe('runtimes of the distribution', () => {
  it('are foretold as far as that can be', async () => {
    const foretold = await play(inventoryOf('v1.33.6+k3s1'), 'cluster', '--check')
    expect(failures(foretold)).toBe('')
  })

  it('make Ready nodes, with one cgroup driver on both sides', async () => {
    const made = await play(inventoryOf('v1.33.6+k3s1'), 'cluster')
    expect(failures(made)).toBe('')
    const { stdout } = await lab.exec('server-1', 'sudo k3s kubectl get nodes --no-headers')
    expect(stdout.match(/ Ready /g)).toHaveLength(4)
    const docker = await lab.exec('agent-1', "sudo docker info -f '{{.CgroupDriver}}'")
    expect(docker.stdout.trim()).toBe('systemd')
    const containerd = await lab.exec('agent-2', 'sudo containerd config dump | grep SystemdCgroup')
    expect(containerd.stdout).toMatch(/SystemdCgroup = true/)
    expect((await lab.exec('server-2', 'crio status config')).stdout).toBe('cgroup_manager = "systemd"\n')
    const own = await lab.exec('server-2', 'cat /etc/crio/crio.conf')
    expect(own.stdout).toContain('cgroup_manager = "cgroupfs"')
    expect(made.output).not.toContain('hunter22')
    const secret = (await lab.exec('server-1', 'sudo cat /var/lib/rancher/k3s/server/token')).stdout.trim()
    expect(secret).toMatch(/^K10[0-9a-f]{64}::server:[0-9a-f]{32}$/)
    expect(made.output).not.toContain(secret.slice(-32))
  })

  it('do not change on a second run, nor does the kubeconfig of the controller', async () => {
    const again = await play(inventoryOf('v1.33.6+k3s1'), 'cluster')
    expect(failures(again)).toBe('')
    expect(changes(again)).toEqual(none)
  })

  it('know what is reached without the proxy', async () => {
    const pid = '$(systemctl show -P MainPID k3s-agent)'
    const { stdout } = await lab.exec('agent-1', `sudo sh -c 'tr "\\0" "\\n" </proc/${pid}/environ'`)
    const unproxied = /^NO_PROXY=(.*)$/m.exec(stdout)?.[1]?.split(',')
    const addresses = nodes.map((name) => lab.hosts.find((host) => host.name === name)!.address)
    const inside = ['10.42.0.0/16', '10.43.0.0/16', '.svc', '.cluster.local']
    expect(unproxied).toEqual(['localhost', '127.0.0.0/8', '::1', ...addresses, ...inside])
  })

  const drain = ['-e', 'cgroup_driver_drain=true']
  const cgroupfs = { cgroup_driver: 'cgroupfs' }
  const refusal = async (inventory: string, ...args: string[]): Promise<string> => {
    const touched = await watchDisks(lab, nodes)
    const started = () =>
      Promise.all(
        nodes.map((name) =>
          lab.exec(name, 'systemctl show -P ActiveEnterTimestampMonotonic docker k3s k3s-agent'),
        ),
      )
    const before = await started()
    const refused = await play(inventory, 'cluster', ...args)
    expect([refused.code, changes(refused)]).toEqual([2, none])
    expect(await touched()).toEqual([])
    expect(await started()).toEqual(before)
    return failures(refused)
  }

  it('keep their driver while pods run, and nothing is touched', async () => {
    expect(await refusal(inventoryOf('v1.33.6+k3s1', cgroupfs))).toMatch(
      /driver of docker would change while k3s runs.*cgroup_driver_drain: true moves them away first/,
    )
    expect(await refusal(inventoryOf('v1.33.6+k3s1', cgroupfs), ...drain)).toMatch(
      /driver of docker would change, and this node has to leave its pods to others.*run it with --limit agent-1, then/,
    )
  })

  it('do not take the place of another while pods run: nothing is installed before that is refused', async () => {
    const other = { 'server-1': { container_runtime: 'docker' }, 'agent-2': { container_runtime: 'k3s' } }
    const said = await refusal(inventoryOf('v1.33.6+k3s1', {}, other))
    expect(said).toMatch(
      /on server-1: the runtime would change from k3s's own containerd to docker while k3s runs/,
    )
    expect(said).toMatch(
      /on agent-2: the runtime would change from \S*containerd.sock to k3s's own containerd while/,
    )
    expect((await lab.exec('server-1', 'command -v docker')).stdout).toBe('')
  })

  it('change their driver once the pods have left, if that is wished, and the pods may come back', async () => {
    const pods = () => kubectl('get pods -n busy -o wide --no-headers')
    await kubectl('create namespace busy')
    await lab.exec('server-1', `echo ${Buffer.from(busy).toString('base64')} | base64 -d >/tmp/busy.yaml`)
    await kubectl('apply -f /tmp/busy.yaml')
    await expect.poll(pods, { timeout: 20_000 }).toMatch(/Running.* agent-1 /)
    const change = (docker: Record<string, unknown>) =>
      play(inventoryOf('v1.33.6+k3s1', docker), 'cluster', '--limit', 'agent-1', ...drain)
    const changed = await change(cgroupfs)
    expect(failures(changed)).toBe('')
    const order = changed.events.flatMap((event) =>
      event.type === 'host_finished' && event.result.status === 'changed' ? [event.task.name] : [],
    )
    expect(
      order.filter((name) => /^(move the pods|stop k3s|docker reads|start k3s-agent$)/.test(name)),
    ).toEqual(['move the pods of agent-1 away', 'stop k3s', 'docker reads its settings', 'start k3s-agent'])
    expect(await pods()).not.toMatch(/ agent-1 /)
    const driver = () => lab.exec('agent-1', "sudo docker info -f '{{.CgroupDriver}}'")
    expect((await driver()).stdout.trim()).toBe('cgroupfs')
    expect(await kubectl('get nodes --no-headers')).toMatch(/^agent-1 +Ready /m)
    expect(changes(await change(cgroupfs))).toEqual({ 'agent-1': 0 })
    expect(failures(await change({}))).toBe('')
    expect((await driver()).stdout.trim()).toBe('systemd')
    expect(await kubectl('get nodes --no-headers')).not.toContain('SchedulingDisabled')
    await kubectl('delete namespace busy')
  })

  it('add the cluster to the kubeconfig of the controller under its name', async () => {
    const text = await readFile(join(lab.dir, 'kube', 'config'), 'utf8')
    expect(text).toMatch(/current-context: tsplay-lab/)
    expect(text).toContain(`server: https://${lab.hosts[0]!.address}:6443`)
  })

  it('keep settings that others made', async () => {
    const conf = await lab.exec('agent-2', 'cat /etc/containerd/config.toml')
    expect(conf.stdout).toContain('path = "/var/lib/containerd/opt"')
  })
})

describe('a download', () => {
  it('that is not what the list says leaves the old binary', async () => {
    corrupt = true
    const failed = await play(inventoryOf('v1.34.2+k3s1'), 'cluster')
    corrupt = false
    expect(failed.code).toBe(2)
    expect(failures(failed)).toMatch(/sha-?256|checksum/i)
    expect((await lab.exec('server-1', 'k3s --version')).stdout).toContain('v1.33.6+k3s1')
  })

  it('of another version replaces it, and the nodes run it', async () => {
    const written = ['registries.yaml', 'config.yaml.d/05-tsplay-host.yaml']
    const path = (name: string) => `/etc/rancher/k3s/${name}`
    const host = '# Kept by tsplay from the inventory.\\nprotect-kernel-defaults: true\\n'
    const mine = 'mirrors: { mine: {} }'
    await lab.exec('agent-2', `printf '${host}' | sudo tee ${path(written[1]!)}`)
    await lab.exec('agent-1', `echo '${mine}' | sudo tee ${path(written[0]!)}`)
    const upgraded = await play(
      inventoryOf('v1.34.2+k3s1', {}, {}, { registries_config_yaml: null }),
      'cluster',
    )
    expect(failures(upgraded)).toBe('')
    const left = (name: string) =>
      lab.exec(name, `cd /etc/rancher/k3s && sudo ls ${written.join(' ')} 2>/dev/null`)
    expect((await left('agent-2')).stdout).toBe('')
    expect((await left('server-1')).stdout).toBe('')
    expect((await lab.exec('agent-1', `sudo cat ${path(written[0]!)}`)).stdout).toBe(`${mine}\n`)
    const { stdout } = await lab.exec('server-1', 'sudo k3s kubectl get nodes --no-headers')
    expect(stdout.match(/ Ready .* v1\.34\.2\+k3s1/g)).toHaveLength(4)
  })
})

describe('what is in force', () => {
  const plain = { registries_config_yaml: null }

  it('is asked of kubelet and runtime after a start, and NVIDIA’s runtime is found by one', async () => {
    const mine = '/etc/rancher/k3s/config.yaml.d/99-mine.yaml'
    await k3s.sh('agent-2', `echo 'kubelet-arg: [cgroup-driver=cgroupfs]' >${mine}`)
    const runtime = '/usr/local/nvidia/toolkit/nvidia-container-runtime'
    await k3s.sh(
      'server-1',
      `mkdir -p ${dirname(runtime)} && printf '#!/bin/sh\n' >${runtime} && chmod +x ${runtime}`,
    )
    const ran = await play(
      inventoryOf('v1.34.2+k3s1', {}, { 'server-1': { nvidia_runtime: true } }, plain),
      'cluster',
    )
    expect(failures(ran)).toMatch(
      /on agent-2: kubelet counts by cgroupfs and containerd by systemd, and pods would not start: take cgroup-driver out/,
    )
    expect(changes(ran)).toMatchObject({ 'agent-1': 0 })
    const { status } = await look(lab.dir, (...words) =>
      play(inventoryOf('v1.34.2+k3s1'), 'status', ...words),
    )
    expect(status.hosts.map(({ host, problems }) => [host, problems])).toEqual(
      expect.arrayContaining([
        ['agent-1', []],
        ['agent-2', expect.arrayContaining(['kubelet counts by cgroupfs, the runtime by systemd'])],
      ]),
    )
    const config = await k3s.sh('server-1', 'cat /var/lib/rancher/k3s/agent/etc/containerd/config.toml')
    expect(config.text).toContain(`BinaryName = "${runtime}"`)
    await k3s.sh('agent-2', `rm ${mine}`)
  })

  it('has NVIDIA’s RuntimeClass: k3s brings it, and the role to a k3s that does not', async () => {
    const path = join(lab.dir, 'runtimes-play.yaml')
    await writeFile(path, '- hosts: server-1\n  become: true\n  roles: [container_runtime]\n')
    const changed = async (version: string) =>
      changes(await play(inventoryOf(version, {}, { 'server-1': { nvidia_runtime: true } }, plain), path))
    const handler = () => kubectl('get runtimeclass nvidia -o jsonpath={.handler}')
    const manifest = 'ls /var/lib/rancher/k3s/server/manifests/tsplay-runtime-class.yaml'
    expect(await handler()).toBe('nvidia')
    await kubectl('delete runtimeclass nvidia')
    expect(await changed('v1.28.15+k3s1')).toEqual({ 'server-1': 1 })
    await expect.poll(handler, { timeout: 20_000 }).toBe('nvidia')
    expect(await changed('v1.28.15+k3s1')).toEqual({ 'server-1': 0 })
    expect(await changed('v1.34.2+k3s1')).toEqual({ 'server-1': 1 })
    expect((await k3s.sh('server-1', manifest)).code).not.toBe(0)
  })
})

describe('a runtime', () => {
  it('takes the place of another once the pods have left', async () => {
    const inventory = inventoryOf('v1.34.2+k3s1', {}, { 'agent-2': { container_runtime: 'k3s' } })
    const limited = ['--limit', 'agent-2', '-e', 'cgroup_driver_drain=true']
    const changed = await play(inventory, 'cluster', ...limited)
    expect(failures(changed)).toBe('')
    expect(changed.output).toContain('move the pods of agent-2 away')
    const config = await lab.exec('agent-2', 'sudo cat /etc/rancher/k3s/config.yaml')
    expect(config.stdout).not.toContain('container-runtime-endpoint')
    expect(await kubectl('get nodes --no-headers')).toMatch(/^agent-2 +Ready /m)
    expect(changes(await play(inventory, 'cluster', ...limited))).toEqual({ 'agent-2': 0 })
  })

  it('has its own settings again after a reset', async () => {
    const crioFile = '/etc/crio/crio.conf.d/99-tsplay-k3s.conf'
    const read = async () => {
      const looks = {
        'agent-1': 'cat /etc/docker/daemon.json',
        'agent-2': 'dpkg -V containerd',
        'server-2': `cat ${crioFile}`,
      }
      const all = await Promise.all(
        Object.entries(looks).map(([name, look]) => k3s.sh(name, `${look} 2>/dev/null`)),
      )
      return all.map(({ text }) => text)
    }
    const inventory = inventoryOf('v1.34.2+k3s1')
    // dpkg names its files that are not as they came.
    expect(await read()).toEqual([
      expect.stringContaining('native.cgroupdriver=systemd'),
      expect.stringContaining('/etc/containerd/config.toml'),
      expect.stringContaining('cgroup_manager'),
    ])
    expect(failures(await play(inventory, 'reset', '-e', 'confirm=yes'))).toBe('')
    expect(await read()).toEqual(['', '', ''])
    expect((await k3s.sh('agent-2', 'ls /etc/containerd')).text).toBe('config.toml\n')
  })
})
