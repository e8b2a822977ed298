import { describe, expect, test } from 'vitest'
import { readNetwork } from '../../../runner/modules/facts/network.js'
import { readOs } from '../../../runner/modules/facts/os.js'
import { readFacts } from '../../../runner/modules/facts/parse.js'
import { readFirewall, readK3s } from '../../../runner/modules/facts/services.js'
import { readCgroup, readMounts } from '../../../runner/modules/facts/system.js'

const asked = { startMs: 1_000_000, endMs: 1_000_100 }

test('an answer that was cut short is no facts', () => {
  expect(() => readFacts('== os\nID=debian\n', asked)).toThrow('ends before')
})

test('a host that tells nothing has facts all the same', () => {
  expect(readFacts('== time\n1000000000000000000\n== end\n', asked)).toMatchObject({
    arch: '',
    k3s: { installed: null, role: null, service: null, server: null },
    network: { default_ipv4: { address: null } },
    firewall: { ufw: 'absent', iptables: 'absent' },
    time: { epoch: 1_000_000_000 },
  })
})

test('a clock that is ahead, and one that only tells seconds', () => {
  const later = { startMs: 1_700_000_000_000, endMs: 1_700_000_000_100 }
  expect(readFacts('== time\n1700000005100000000\n== end\n', later).time?.offset_ms).toBe(5000)
  expect(readFacts('== time\n1700000000%N\n== end\n', later).time).toMatchObject({
    epoch: 1_700_000_000,
    offset_ms: 0,
  })
  expect(readFacts('== time\n1699999990%N\n== end\n', later).time?.offset_ms).toBe(-9001)
})

describe('distributions', () => {
  test.each([
    [
      'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nPRETTY_NAME="Ubuntu 24.04 LTS"',
      'debian',
      '24.04',
    ],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"', 'redhat', '9.4'],
    ['ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"', 'suse', '15.6'],
    ['ID=arch', 'arch', ''],
    ['ID=alpine\nVERSION_ID=3.20.1', 'alpine', '3.20.1'],
    ["ID='my os'", 'my os', ''],
  ])('%s', (text, family, version) => expect(readOs(text.split('\n'))).toMatchObject({ family, version }))
})

test('control groups: version 2 alone, hybrid, version 1', () => {
  expect(readCgroup(['cgroup2 /sys/fs/cgroup cgroup2 rw 0 0'], ['cpuset cpu memory pids'], [])).toEqual({
    version: 2,
    hybrid: false,
    controllers: ['cpu', 'cpuset', 'memory', 'pids'],
  })
  const hybrid = [
    'cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0',
    'cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0',
  ]
  const v1 = ['#subsys_name\thierarchy\tnum_cgroups\tenabled', 'cpu\t3\t9\t1', 'memory\t0\t9\t0']
  expect(readCgroup(hybrid, ['pids'], v1)).toEqual({ version: 1, hybrid: true, controllers: ['cpu'] })
})

test('the default route of the lowest metric, and addresses of interfaces with a peer', () => {
  const links = ['lo 00:00:00:00:00:00 65536 unknown', 'eth0 aa:bb 1500 up', 'eth0.5 aa:cc 1400 down']
  const addresses = [
    '1: lo    inet 127.0.0.1/8 scope host lo',
    '2: eth0    inet 10.0.0.7/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever',
    '2: eth0    inet6 fe80::1/64 scope link',
    '2: eth0    inet6 fd00::7/64 scope global',
    '3: eth0.5@eth0    inet 10.5.0.7/24 scope global',
  ]
  const routes = [
    'default via 10.5.0.1 dev eth0.5 metric 200',
    'default via 10.0.0.1 dev eth0 proto dhcp metric 100',
  ]
  const routes6 = ['default via fe80::9 dev eth0 proto ra metric 1024 pref medium']
  const dns = ['nameserver 10.0.0.2', 'nameserver fd00::2', 'domain old', 'search example.org lab']
  expect(readNetwork({ links, addresses, routes, routes6, table: [], dns })).toEqual({
    interfaces: [
      {
        name: 'eth0',
        mac: 'aa:bb',
        mtu: 1500,
        state: 'up',
        ipv4: ['10.0.0.7'],
        ipv6: ['fe80::1', 'fd00::7'],
      },
      { name: 'eth0.5', mac: 'aa:cc', mtu: 1400, state: 'down', ipv4: ['10.5.0.7'], ipv6: [] },
    ],
    default_ipv4: { address: '10.0.0.7', interface: 'eth0', gateway: '10.0.0.1' },
    default_ipv6: { address: 'fd00::7', interface: 'eth0', gateway: 'fe80::9' },
    dns: { servers: ['10.0.0.2', 'fd00::2'], search: ['example.org', 'lab'] },
  })
})

test('the default route of a host without ip', () => {
  const table = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t0101A8C0\t0003\t0\t0\t202\t00000000\t0\t0\t0',
    'eth0\t0001A8C0\t00000000\t0001\t0\t0\t202\t00FFFFFF\t0\t0\t0',
  ]
  const none = { addresses: [], routes: [], routes6: [], dns: [] }
  expect(readNetwork({ ...none, links: ['eth0 aa:bb 1500 up'], table }).default_ipv4).toEqual({
    address: null,
    interface: 'eth0',
    gateway: '192.168.1.1',
  })
})

test('mounts with their sizes', () => {
  const lines = [
    'mount /dev/sda1 / ext4 rw,relatime',
    'Filesystem     1024-blocks     Used Available Capacity Mounted on',
    '/dev/sda1         10485760  1048576   9437184      10% /',
  ]
  expect(readMounts(lines)).toEqual([
    { path: '/', device: '/dev/sda1', fstype: 'ext4', size_mb: 10240, free_mb: 9216 },
  ])
})

test('firewalls and k3s', () => {
  const ufw = {
    ufw: ['there', 'ENABLED=yes'],
    firewalld: ['there', 'inactive'],
    nftables: ['there', 'active'],
    tables: ['table inet tsplay', 'table ip filter'],
    iptables: 'iptables v1.8.9 (nf_tables)',
    filter: [
      '      1 :FORWARD DROP [0:0]',
      '      1 :INPUT DROP [5:300]',
      '      1 :OUTPUT ACCEPT [1:2]',
      '     87 rule',
    ],
  }
  expect(readFirewall(ufw)).toEqual({
    ufw: 'active',
    firewalld: 'inactive',
    nftables: 'active',
    nftables_tables: ['inet tsplay', 'ip filter'],
    iptables: 'nf_tables',
    iptables_policy: { input: 'DROP', forward: 'DROP', output: 'ACCEPT' },
    iptables_rules: 87,
  })
  const none = { ufw: [], firewalld: [], nftables: [], tables: [], iptables: 'iptables v1.4.21', filter: [] }
  expect(readFirewall(none)).toMatchObject({ nftables: 'absent', iptables: 'legacy', iptables_policy: null })
  const server = 'https://[2001:db8::11]:6443'
  expect(readK3s('k3s version v1.34.2+k3s1 (abcdef)', ['k3s-agent active'], `"${server}"`)).toEqual({
    installed: 'v1.34.2+k3s1',
    role: 'agent',
    service: 'active',
    server,
  })
})
