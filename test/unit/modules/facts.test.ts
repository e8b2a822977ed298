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
    k3s: { installed: null, role: null, service: null },
    network: { default_ipv4: { address: null } },
    firewall: { ufw: 'absent', iptables: 'absent' },
    time: { epoch: 1_000_000_000 },
  })
})

test('a clock that is ahead, and one that only tells seconds', () => {
  const later = { startMs: 1_700_000_000_000, endMs: 1_700_000_000_100 }
  expect(readFacts('== time\n1700000005100000000\n== end\n', later).time.offset_ms).toBe(5000)
  expect(readFacts('== time\n1700000000%N\n== end\n', later).time).toEqual({
    epoch: 1_700_000_000,
    offset_ms: 0,
  })
  expect(readFacts('== time\n1699999990%N\n== end\n', later).time.offset_ms).toBe(-9001)
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
  const links = ['lo 00:00:00:00:00:00', 'eth0 aa:bb', 'eth0.5 aa:cc']
  const addresses = [
    '1: lo    inet 127.0.0.1/8 scope host lo',
    '2: eth0    inet 10.0.0.7/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever',
    '2: eth0    inet6 fe80::1/64 scope link',
    '3: eth0.5@eth0    inet 10.5.0.7/24 scope global',
  ]
  const routes = [
    'default via 10.5.0.1 dev eth0.5 metric 200',
    'default via 10.0.0.1 dev eth0 proto dhcp metric 100',
  ]
  expect(readNetwork(links, addresses, routes)).toEqual({
    interfaces: [
      { name: 'eth0', mac: 'aa:bb', ipv4: ['10.0.0.7'], ipv6: ['fe80::1'] },
      { name: 'eth0.5', mac: 'aa:cc', ipv4: ['10.5.0.7'], ipv6: [] },
    ],
    default_ipv4: { address: '10.0.0.7', interface: 'eth0', gateway: '10.0.0.1' },
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
  expect(
    readFirewall(['there', 'ENABLED=yes'], ['there', 'inactive'], [], 'iptables v1.8.9 (nf_tables)'),
  ).toEqual({
    ufw: 'active',
    firewalld: 'inactive',
    nftables: 'absent',
    iptables: 'nf_tables',
  })
  expect(readK3s('k3s version v1.34.2+k3s1 (abcdef)', ['k3s-agent active'])).toEqual({
    installed: 'v1.34.2+k3s1',
    role: 'agent',
    service: 'active',
  })
})
