import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { run } from '../run.js'
import { watchDisks } from './disks.js'
import { changes, failures, play, readInventory, writeInventory } from './play.js'

const hosts = ['server-1', 'agent-1']
const none = Object.fromEntries(hosts.map((name) => [name, 0]))
vi.setConfig({ testTimeout: 300_000 })

const files = '/etc/rancher/k3s/files'
let lab: Lab
let folder: string
let site: Server
let address: string

const remote = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: crons.lab.example }
spec: { group: lab.example }
---
apiVersion: lab.example/v1
kind: Cron
metadata: { name: nightly }
spec: { at: 2 }
`
const local = `# two documents, the first of them empty
---
apiVersion: v1
kind: ConfigMap
metadata: { name: banner }
data: { text: hello }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { storageClassName: local-path }
`
/** Of kube-apiserver, in a file that a flag of its names. */
const audit = (level: string) => ({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level }] })
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Everything that the role can be asked for. */
const wishes = (): Record<string, unknown> => ({
  k3s_manifests: [
    { file: join(folder, 'local.yaml'), namespace: 'shop' },
    { url: `${address}/crons.yaml`, sha256: sha256(remote) },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'front',
        namespace: 'shop',
        labels: { 'svccontroller.k3s.cattle.io/lbpool': 'edge' },
      },
      spec: { type: 'LoadBalancer', ports: [{ port: 443 }] },
    },
  ],
  k3s_charts: [
    {
      name: 'rancher-logging',
      repo: 'https://charts.example.com',
      namespace: 'cattle-logging-system',
      values: { additionalLoggingSources: { k3s: { enabled: true } } },
    },
  ],
  k3s_traefik_values: { deployment: { replicas: 2 } },
  k3s_namespaces: {
    shop: { pod_security: 'restricted', labels: { team: 'shop' }, quota: { 'requests.cpu': '4' } },
    lab: { pod_security: { enforce: 'baseline', version: 'v1.34' } },
  },
  k3s_pod_security: { enforce: 'baseline', warn: 'restricted' },
  k3s_files: { 'audit.yaml': audit('Metadata'), 'users.csv': 'secret,anna,1' },
  k3s_etcdctl_version: 'v3.5.21',
  k3s_etcdctl_dir: folder,
  k3s_region: 'north',
})

/** An inventory of one server with etcd and one agent of a pool, with these variables. */
const inventoryOf = (vars: Record<string, unknown>, agentVars: Record<string, unknown> = {}): string => {
  const inventory = readInventory(lab)
  const { server, agent } = inventory.k3s_cluster.children
  server.hosts = { 'server-1': { ...server.hosts['server-1'], k3s_zone: 'a' } }
  agent.hosts = { 'agent-1': { ...agent.hosts['agent-1'], k3s_zone: 'b', ...agentVars } }
  Object.assign(inventory.k3s_cluster.vars, {
    server_config_yaml: {
      'cluster-init': true,
      'kube-apiserver-arg': ['v=1', `audit-policy-file=${files}/audit.yaml`],
    },
    k3s_node_labels: { 'node-role.kubernetes.io/worker': 'true' },
    ...vars,
  })
  return writeInventory(lab, 'addons', inventory)
}
const kubectl = async (words: string): Promise<string> =>
  (await lab.exec('server-1', `sudo k3s kubectl ${words}`)).stdout
const object = async (words: string) => JSON.parse(await kubectl(`get ${words} -o json`))
const labels = async (node: string): Promise<Record<string, string>> =>
  (await object(`node ${node}`)).metadata.labels
const serviceLb = (all: Record<string, string>) =>
  Object.keys(all).filter((key) => key.startsWith('svccontroller.k3s.cattle.io/'))

/** An etcdctl in a release's layout, with the list of checksums that goes with it. */
const makeRelease = async (): Promise<void> => {
  const name = 'etcd-v3.5.21-linux-amd64'
  mkdirSync(join(folder, name), { recursive: true })
  const program = '#!/bin/sh\n[ "$1" = version ] && echo "etcdctl version: 3.5.21" || echo "$ETCDCTL_CERT"\n'
  writeFileSync(join(folder, name, 'etcdctl'), program, { mode: 0o755 })
  await run('tar', ['-czf', `${name}.tar.gz`, name], { cwd: folder })
  const sum = createHash('sha256').update(readFileSync(join(folder, `${name}.tar.gz`)))
  writeFileSync(join(folder, 'SHA256SUMS'), `${sum.digest('hex')}  ${name}.tar.gz\n`)
}

beforeAll(async () => {
  lab = openLab(ourLabDir())
  folder = join(lab.dir, 'addons')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'local.yaml'), local)
  await makeRelease()
  site = createServer((_request, response) => response.end(remote))
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
  await Promise.all(hosts.map((name) => lab.fresh(name)))
})

afterAll(async () => {
  await Promise.all(hosts.map((name) => lab.fresh(name)))
  await new Promise((resolve) => site.close(resolve))
})

describe('addons', () => {
  it('are foretold where there is no cluster yet', async () => {
    const foretold = await play(inventoryOf(wishes()), 'cluster', '--check')
    expect(failures(foretold)).toBe('')
    expect(foretold.output).toContain('helm.cattle.io/v1 HelmChart kube-system/rancher-logging')
  })

  it('come with the cluster, and a second run changes nothing', async () => {
    const inventory = inventoryOf(wishes(), { k3s_servicelb_pool: 'edge', k3s_network_policy_log: true })
    expect(failures(await play(inventory, 'cluster'))).toBe('')
    const again = await play(inventory, 'cluster')
    expect(failures(again)).toBe('')
    expect(changes(again)).toEqual(none)
  })

  it('are objects of the cluster', async () => {
    const chart = await object('helmchart rancher-logging -n kube-system')
    expect(chart.spec).toMatchObject({
      chart: 'rancher-logging',
      targetNamespace: 'cattle-logging-system',
      createNamespace: true,
      valuesContent: expect.stringContaining('enabled: true'),
    })
    const traefik = await object('helmchartconfig traefik -n kube-system')
    expect(traefik.spec.valuesContent).toContain('replicas: 2')
    expect((await object('namespace shop')).metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
      'pod-security.kubernetes.io/warn-version': 'latest',
      team: 'shop',
    })
    expect((await object('namespace lab')).metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce-version': 'v1.34',
    })
    expect((await object('resourcequota quota -n shop')).spec.hard).toEqual({ 'requests.cpu': '4' })
    expect((await object('configmap banner -n shop')).data).toEqual({ text: 'hello' })
    expect((await object('crons.lab.example nightly')).spec).toEqual({ at: 2 })
  })

  it('are labels of nodes: places, pools and those that a node may not give itself', async () => {
    const [server, agent] = [await labels('server-1'), await labels('agent-1')]
    expect(agent).toMatchObject({
      'topology.kubernetes.io/zone': 'b',
      'topology.kubernetes.io/region': 'north',
      'svccontroller.k3s.cattle.io/enablelb': 'true',
      'svccontroller.k3s.cattle.io/lbpool': 'edge',
      'node-role.kubernetes.io/worker': 'true',
    })
    expect(server).toMatchObject({ 'topology.kubernetes.io/zone': 'a' })
    expect(serviceLb(server)).toEqual([])
    const told = await lab.exec('agent-1', 'sudo cat /etc/rancher/k3s/config.yaml.d/*')
    expect(told.stdout).toContain('topology.kubernetes.io/zone=b')
    expect(told.stdout).not.toContain('node-role')
  })

  it('are what the API server asks of pods', async () => {
    const { stdout } = await lab.exec(
      'server-1',
      'sudo stat -c %a /etc/rancher/k3s/psa.yaml; sudo cat /etc/rancher/k3s/psa.yaml /etc/rancher/k3s/config.yaml',
    )
    expect(stdout).toMatch(/^600\n/)
    expect(stdout).toMatch(/enforce: baseline\n.*enforce-version: latest/)
    expect(stdout).toMatch(
      /kube-apiserver-arg:\n +- admission-control-config-file=\/etc\/rancher\/k3s\/psa.yaml\n +- v=1/,
    )
  })

  it('are tools of the hosts', async () => {
    const told = await lab.exec('server-1', 'sudo k3s-etcdctl member list; k3s-etcdctl version')
    expect(told.stdout.trim()).toBe('/var/lib/rancher/k3s/server/tls/etcd/client.crt')
    expect(told.stderr).toMatch(/denied/i)
    const log = await lab.exec(
      'agent-1',
      "sudo sed -n '/^\\[log1\\]/,/^\\[/p' /etc/ulogd.conf; systemctl is-active ulogd2; [ -e /usr/local/bin/etcdctl ] || echo no etcd",
    )
    expect(log.stdout).toMatch(/group=100\n(.*\n)*active\nno etcd$/m)
  })

  it('are files that flags name: k3s reads them anew when they change, and who is asked for none has none', async () => {
    const look = async () =>
      Promise.all(
        hosts.map(async (name) => {
          const script = `cd ${files} && stat -c "%a %n" * && cat *; systemctl show -P ActiveEnterTimestampMonotonic k3s k3s-agent`
          return (await lab.exec(name, `sudo sh -c '${script}'`)).stdout
        }),
      )
    const [server, agent] = await look()
    expect(server).toMatch(
      /^600 audit.yaml\n600 users.csv\n.*v1\nkind: Policy\n[\s\S]*level: Metadata\nsecret,anna,1\n/,
    )
    expect(agent).toContain('600 audit.yaml')
    const wanted = { ...wishes(), k3s_files: { 'audit.yaml': audit('Request') } }
    const agentVars = { k3s_servicelb_pool: 'edge', k3s_network_policy_log: true, k3s_files: {} }
    const changed = await play(inventoryOf(wanted, agentVars), 'cluster', '--diff')
    expect(failures(changed)).toBe('')
    expect(changed.output).not.toMatch(/level: |anna/)
    const [anew, bare] = await look()
    expect(anew).toMatch(/^600 audit.yaml\napi[\s\S]*level: Request\n\d/)
    expect(bare).toMatch(/^\d+\n/)
    const started = (text = '') => /^\d{3,}$/m.exec(text)?.[0]
    expect(Number(started(anew))).toBeGreaterThan(Number(started(server)))
  })

  it('go when nobody asks for them any more, but for what holds data', async () => {
    const { k3s_charts: _, k3s_traefik_values: __, k3s_manifests, ...others } = wishes()
    const left = { ...others, k3s_manifests: [(k3s_manifests as unknown[])[2]] }
    const fewer = inventoryOf(left)
    const touched = await watchDisks(lab, hosts)
    const foretold = await play(fewer, 'addons', '--check', '--diff')
    expect([failures(foretold), await touched()]).toEqual(['', []])
    expect(await kubectl('get helmcharts -n kube-system -o name')).toContain('rancher-logging')
    const gone = await play(fewer, 'addons')
    expect(failures(gone)).toBe('')
    expect(await kubectl('get helmcharts -n kube-system -o name')).not.toContain('rancher-logging')
    expect(await kubectl('get helmchartconfigs -n kube-system -o name')).not.toContain('traefik')
    expect(await kubectl('get configmaps -n shop -o name')).not.toContain('banner')
    expect(await kubectl('get crons.lab.example -o name')).not.toContain('nightly')
    expect(await kubectl('get persistentvolumeclaims -n shop -o name')).toContain('data')
    expect(gone.output).toContain('PersistentVolumeClaim shop/data is not asked for any more')
    expect(await kubectl('get services -n shop -o name')).toContain('front')
    expect(serviceLb(await labels('agent-1'))).toHaveLength(2)
    const again = await play(fewer, 'addons')
    expect(failures(again)).toBe('')
    expect(changes(again)).toEqual(none)
    const absent = { file: join(folder, 'local.yaml'), namespace: 'shop', state: 'absent' }
    const cleared = await play(inventoryOf({ ...left, k3s_manifests: [absent] }), 'addons')
    expect(failures(cleared)).toBe('')
    expect(await kubectl('get persistentvolumeclaims,services -n shop -o name')).toBe('')
  })

  it('are refused where they are not what was pinned, before anything is applied', async () => {
    cpSync(join(folder, 'local.yaml'), join(folder, 'other.yaml'))
    const wrong = inventoryOf({
      k3s_manifests: [join(folder, 'other.yaml'), { url: `${address}/crons.yaml`, sha256: sha256('x') }],
    })
    const refused = await play(wrong, 'addons')
    expect(refused.code).toBe(2)
    expect(failures(refused)).toContain(`does not have the sha256 that is given: ${address}/crons.yaml`)
    expect(await kubectl('get configmaps -n default -o name')).not.toContain('banner')
  })
})
