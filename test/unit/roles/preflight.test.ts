import { expect, it } from 'vitest'
import { onEach } from './variables.js'

/** What `setup` finds on a host that can be a node. */
const facts = {
  hostname: 'h',
  machine_id: null as string | null,
  arch: 'amd64',
  machine: 'x86_64',
  init: 'systemd',
  cgroup: { version: 2, controllers: ['cpu', 'cpuset', 'io', 'memory'] },
  cpu: { count: 4 },
  memory: { total_mb: 4000, swap_mb: 0 },
  raspberry_pi: null as string | null,
  time: { offset_ms: 0 },
  network: {
    default_ipv4: { interface: 'eth0' as string | null },
    default_ipv6: { interface: null },
    interfaces: [{ name: 'eth0', mac: null as string | null, ipv4: ['192.0.2.1'], ipv6: [] }],
  },
  firewall: { ufw: 'inactive', firewalld: 'absent', nftables: 'inactive' },
  k3s: { role: null as string | null, service: 'absent', installed: null },
}
const withMac = (mac: string) => ({
  network: { ...facts.network, interfaces: [{ ...facts.network.interfaces[0]!, mac }] },
})

interface Host {
  facts?: Partial<typeof facts>
  vars?: Record<string, unknown>
}

/** What is said against each host: server s and agents a and b, as different as a test makes them. */
function problems(given: Partial<Record<'s' | 'a' | 'b', Host>>, vars: Record<string, unknown> = {}) {
  const hostOf = (name: 's' | 'a' | 'b') => ({
    vars: { ...vars, ...given[name]?.vars },
    magic: {
      groups: { server: ['s'], agent: ['a', 'b'] },
      ansible_play_hosts: ['s', 'a', 'b'],
      facts: { ...facts, hostname: name, ...given[name]?.facts },
    },
  })
  const hosts = { s: hostOf('s'), a: hostOf('a'), b: hostOf('b') }
  return onEach(['k3s_cluster', 'preflight'], hosts, 'preflight_problems')
}
const fine = { s: [], a: [], b: [] }

it('nothing is said against hosts that can be nodes', () => {
  expect(problems({})).toEqual(fine)
})

it.each<[string, Host, RegExp]>([
  [
    'a name with an underscore',
    { facts: { hostname: 'my_host' } },
    /^hostname: my_host is no name for a node: small letters/,
  ],
  [
    'a name that ends in a hyphen',
    { facts: { hostname: 'host-' } },
    /^hostname: host- is no name for a node/,
  ],
  [
    'a name that is too long',
    { facts: { hostname: 'h'.repeat(254) } },
    /^hostname: h{254} is no name for a node/,
  ],
  [
    'no name of its own',
    { facts: { hostname: 'localhost' } },
    /^hostname: the host is called localhost: give it a name/,
  ],
  [
    'a name that the API knows',
    { vars: { preflight_taken: ['a'] } },
    /^hostname: a is a node of the cluster already/,
  ],
  [
    'too little memory',
    { facts: { memory: { total_mb: 399, swap_mb: 0 } } },
    /^memory: 399 MiB, and an agent needs 400$/,
  ],
  [
    'swap that is not wanted',
    { facts: { memory: { total_mb: 4000, swap_mb: 512 } }, vars: { preflight_swap: false } },
    /^swap: 512 MiB are on: swapoff -a, and take it out of \/etc\/fstab$/,
  ],
  [
    'another init',
    { facts: { init: 'runit' } },
    /^system: runit is the init; k3s is run by systemd or OpenRC$/,
  ],
  [
    'another processor',
    { facts: { arch: 'riscv64', machine: 'riscv64' } },
    /^system: k3s has no release for riscv64$/,
  ],
  [
    'no controller of cpusets',
    { facts: { cgroup: { version: 2, controllers: ['cpu', 'memory'] } } },
    /^cgroup: the kernel has no cpuset controller \(cgroup v2\).*boot with cgroup_enable=cpuset$/,
  ],
  [
    'no memory controller',
    { facts: { cgroup: { version: 1, controllers: ['cpu'] } } },
    /^cgroup: the kernel has no memory controller \(cgroup v1\).*boot with cgroup_enable=memory$/,
  ],
  [
    'a kernel without a module',
    { vars: { preflight_look: { stdout_lines: ['disk 9000 /', 'missing vxlan'] } } },
    /^kernel: the module vxlan is missing$/,
  ],
])('refuses a host with %s, and that host alone', (_, host, message) => {
  expect(problems({ a: host })).toEqual({ ...fine, a: [expect.stringMatching(message)] })
})

it('leaves alone what is as well: swap, a Raspberry Pi that is going to count memory, a node that has its name', () => {
  const swapping = { facts: { memory: { total_mb: 4000, swap_mb: 512 } } }
  const pi = {
    facts: { raspberry_pi: 'Raspberry Pi 5', cgroup: { version: 2, controllers: ['cpu', 'cpuset'] } },
  }
  const node = {
    facts: { k3s: { role: 'agent', service: 'active', installed: null } },
    vars: { preflight_taken: ['b'] },
  }
  expect(problems({ s: swapping, a: pi, b: node })).toEqual(fine)
})

it('refuses hosts that share a name, a MAC address or a machine-id, on either side', () => {
  expect(problems({ a: { facts: { hostname: 'b' } } })).toEqual({
    s: [],
    a: ['hostname: b is also the name of b: nodes need names of their own'],
    b: ['hostname: b is also the name of a: nodes need names of their own'],
  })
  const clone = { facts: { machine_id: 'c0ffee', ...withMac('52:54:00:00:00:01') } }
  const said = (other: string) => [
    expect.stringMatching(new RegExp(`^identity: the machine-id is also that of ${other}, as in clones`)),
    `identity: the MAC address 52:54:00:00:00:01 is also that of ${other}`,
  ]
  expect(problems({ s: clone, b: clone })).toEqual({ s: said('b'), a: [], b: said('s') })
})

it.each([
  ['10.42.0.0/33', ['networks: cluster-cidr 10.42.0.0/33 is no network']],
  ['10.42', ['networks: cluster-cidr 10.42 is no network']],
  ['10.42.0.0/23', ['networks: cluster-cidr 10.42.0.0/23 holds 2 nodes of /24, and there are 3']],
  ['10.43.128.0/17', [expect.stringContaining('10.43.128.0/17 and service-cidr 10.43.0.0/16 overlap')]],
  ['192.0.0.0/16', [expect.stringContaining("192.0.2.1 of this host is in the cluster's cluster-cidr")]],
  ['10.42.0.0/22', []],
  ['10.42.0.0/25', ['networks: cluster-cidr 10.42.0.0/25 holds 0 nodes of /24, and there are 3']],
  ['fd00:42::/63', ['networks: cluster-cidr fd00:42::/63 holds 2 nodes of /64, and there are 3']],
  ['fd00:42::/112', ['networks: cluster-cidr fd00:42::/112 holds 0 nodes of /64, and there are 3']],
  ['fd00:42::/48', []],
  [
    'fd00::/40',
    [
      'networks: cluster-cidr fd00::/40 is too large for nodes of /64: Kubernetes divides no more than 16 bits of IPv6; ' +
        'take a /48, or node-cidr-mask-size-ipv6=56',
    ],
  ],
  ['10.42.0.0/16,fd00:42::/56', []],
  [
    '10.42.0.0/16,fd00:42::/63',
    ['networks: cluster-cidr fd00:42::/63 holds 2 nodes of /64, and there are 3'],
  ],
])('of the network %s says %j', (cidr, said) => {
  expect(problems({}, { server_config_yaml: { 'cluster-cidr': cidr } }).a).toEqual(said)
})

it.each<[string, string | string[], string | undefined]>([
  ['10.42.0.0/23', 'node-cidr-mask-size=25', undefined],
  ['10.42.0.0/23', 'node-cidr-mask-size=26', undefined],
  ['10.42.0.0/24', 'node-cidr-mask-size-ipv4=25', '10.42.0.0/24 holds 2 nodes of /25, and there are 3'],
  ['10.42.0.0/24', ['node-cidr-mask-size=28', '--node-cidr-mask-size=25'], 'holds 2 nodes of /25'],
  ['fd00:42::/112', 'node-cidr-mask-size-ipv6=120', undefined],
  ['fd00:42::/112', 'node-cidr-mask-size=113', 'fd00:42::/112 holds 2 nodes of /113, and there are 3'],
  ['10.42.0.0/16,fd00:42::/108', 'node-cidr-mask-size-ipv6=120', undefined],
  ['10.42.0.0/23,fd00:42::/56', 'node-cidr-mask-size-ipv4=25', undefined],
  ['10.42.0.0/16,fd00:42::/63', 'node-cidr-mask-size-ipv4=25', 'fd00:42::/63 holds 2 nodes of /64'],
  ['10.42.0.0/16,fd00:42::/48', 'node-cidr-mask-size=64', 'is for one family, and cluster-cidr has two'],
])('counts nodes in %s by the size that %s gives each of them', (cidr, args, said) => {
  const config = { 'cluster-cidr': cidr, 'kube-controller-manager-arg': args }
  const found = problems({}, { server_config_yaml: config }).s
  expect(found).toEqual(said === undefined ? [] : [expect.stringContaining(said)])
})

it('refuses names of files that lead elsewhere', () => {
  const files = { 'audit.yaml': 'a', '../k3s.yaml': 'b', '': 'c', '.hidden': 'd' }
  expect(problems({}, { k3s_files: files }).a).toEqual([
    expect.stringMatching(/^files: \.\.\/k3s\.yaml of k3s_files is no name of a file/),
    expect.stringMatching(/^files: {2}of k3s_files is no name/),
    expect.stringMatching(/^files: \.hidden of k3s_files/),
  ])
})

it('leaves out the checks that are named', () => {
  const host = { facts: { hostname: 'localhost', init: 'runit' } }
  expect(problems({ a: host }, { preflight_skip: ['hostname'] }).a).toEqual([
    expect.stringMatching(/^system: runit/),
  ])
})
