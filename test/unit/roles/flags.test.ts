import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const roles = fileURLToPath(new URL('../../../roles/', import.meta.url))
const files = [
  'k3s_cluster/defaults',
  'k3s_cluster/vars',
  'firewall/defaults',
  'firewall/vars',
  'k3s_upgrade/vars',
].map((folder) => `${roles}${folder}/main.yaml`)
const inventory = JSON.stringify({
  k3s_cluster: {
    children: { server: { hosts: { s1: {}, s2: {} } }, agent: { hosts: { a1: {} } } },
    vars: { ansible_connection: 'local' },
  },
})

/** Values of the roles' variables on a host, where others are given as an inventory gives them. */
async function values(host: string, names: readonly string[], given: object): Promise<unknown[]> {
  const tasks = [{ debug: { msg: `<%= toJson([${names.join(', ')}]) %>` } }]
  const book = [{ hosts: 'k3s_cluster', vars_files: files, tasks }]
  const args = ['--limit', host, '-e', JSON.stringify(given)]
  const ran = await play(JSON.stringify(book), { args, files: { 'inventory.yaml': inventory } })
  expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0)
  return JSON.parse(ran.messages[0]!.replace(`${host}: `, ''))
}

describe('the words of the command line', () => {
  it.each([
    '--flannel-backend=wireguard-native --cluster-cidr=10.50.0.0/16,fd00:50::/56 --data-dir=/data --disable-network-policy',
    '--flannel-backend wireguard-native   --cluster-cidr 10.50.0.0/16 --cluster-cidr fd00:50::/56 -d /data --disable-network-policy=true',
    `--flannel-backend 'wireguard-native' "--cluster-cidr=10.50.0.0/16,fd00:50::/56" --data-dir="/data" --disable-network-policy`,
  ])('are what roles decide by: %s', async (extra_server_args) => {
    const names = ['firewall_overlay', 'k3s_cluster_cidrs', 'k3s_service_cidrs', 'k3s_server_data_dir']
    const told = ["k3s_told['flannel-backend']", "k3s_told['disable-network-policy']"]
    const found = await values('s1', [...names, ...told], { extra_server_args })
    expect(found).toEqual([
      ['51820/udp', '51821/udp'],
      ['10.50.0.0/16', 'fd00:50::/56'],
      ['10.43.0.0/16'],
      '/data',
      'wireguard-native',
      'true',
    ])
  })

  it('win over config.yaml, lists as a whole', async () => {
    const given = {
      server_config_yaml: 'flannel-backend: host-gw\ndisable: [servicelb]\nservice-cidr: 10.90.0.0/16\n',
      extra_server_args: '--flannel-backend none --disable traefik --disable=metrics-server',
    }
    const names = ['firewall_backend', "k3s_told['servicelb in disable']", 'k3s_service_cidrs']
    expect(await values('s1', names, given)).toEqual(['none', 'false', ['10.90.0.0/16']])
    const alike = { ...given, extra_server_args: '--disable=traefik,servicelb' }
    expect(await values('s1', names, alike)).toEqual(['host-gw', 'true', ['10.90.0.0/16']])
  })

  it.each([
    ['a1', { extra_agent_args: '--docker --node-label a=b' }, 'docker'],
    ['a1', { extra_server_args: '--docker' }, 'k3s'],
    ['s1', { extra_server_args: '--docker' }, 'docker'],
    ['a1', { agent_config_yaml: 'docker: true\n' }, 'docker'],
    ['a1', { extra_agent_args: '--docker=false', agent_config_yaml: 'docker: true\n' }, 'k3s'],
    ['a1', { extra_agent_args: '--docker', container_runtime: 'containerd' }, 'containerd'],
  ])('on %s, %j is the runtime %s', async (host, given, runtime) => {
    expect(await values(host, ['container_runtime'], given)).toEqual([runtime])
  })
})

describe('a server that is new, where none that runs is in this run', () => {
  const running = (config: string, unit: string, script = '') => ({
    k3s_tokens: { results: [{}, {}, { text: config }, { text: unit }, { text: script }] },
  })
  const refusals = async (given: object) => (await values('s2', ['k3s_alike_refusals'], given))[0]
  const differ = (key: string) =>
    `s2 would be told another value of ${key} than s1 was: all servers of a cluster need the same; ` +
    'cluster.yaml brings all of them to that of the inventory'
  const unit = (args: string) =>
    `[Service]\nType=notify\nExecStart=/usr/local/bin/k3s server${args}\nRestart=always\n`

  it('is told what they have been told', async () => {
    const told = { server_config_yaml: 'flannel-backend: none\n', k3s_network_policy: false }
    expect(await refusals({ ...told, ...running('flannel-backend: none\n', unit('')) })).toEqual([
      differ('disable-network-policy'),
    ])
    expect(await refusals({ ...told, ...running('disable: [servicelb]\n', unit('')) })).toEqual([
      differ('disable-network-policy'),
      differ('flannel-backend'),
      differ('servicelb in disable'),
    ])
    const alike = running('flannel-backend: none\ndisable-network-policy: true\n', unit(''))
    expect(await refusals({ ...told, ...alike })).toEqual([])
  })

  it.each([
    ['the unit of tsplay', unit(' --flannel-backend none --cluster-cidr=10.50.0.0/16'), ''],
    [
      'the unit of the installer',
      unit(" \\\n    '--flannel-backend' \\\n    'none' \\\n    '--cluster-cidr=10.50.0.0/16' \\\n"),
      '',
    ],
    [
      'the script of OpenRC',
      '',
      'command="/usr/local/bin/k3s"\ncommand_args="server --flannel-backend \\"none\\" --cluster-cidr 10.50.0.0/16"\n',
    ],
    [
      'the script of the installer',
      '',
      "command_args=\"server \\\n    '--flannel-backend=none' \\\n    '--cluster-cidr' \\\n    '10.50.0.0/16' \\\n    >>/var/log/k3s.log 2>&1\"\n",
    ],
  ])('by words of the command line, too: %s', async (_, text, script) => {
    const given = { extra_server_args: '--cluster-cidr=10.50.0.0/16 --flannel-backend=none' }
    expect(await refusals({ ...given, ...running('', text, script) })).toEqual([])
    expect(await refusals(running('', text, script))).toEqual([
      differ('flannel-backend'),
      'cluster-cidr of the cluster is 10.50.0.0/16 and cannot become 10.42.0.0/16: a cluster keeps it for life',
    ])
  })
})
