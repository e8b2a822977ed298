import { expect, test } from 'vitest'
import { readFacts } from '../../../../runner/modules/facts/parse.js'

const asked = { startMs: 1_760_000_000_000, endMs: 1_760_000_000_100 }
const facts = (...sections: readonly string[]) => readFacts(`${sections.join('\n')}\n== end\n`, asked)

test('Alpine, with busybox and OpenRC', () => {
  const told = facts(
    '== time\n1760000000',
    '== zone\nUTC +0000',
    '== os\nNAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"',
    '== kernel\n6.6.56-0-virt\n\n== machine\naarch64\n\n== init\nopenrc\n\n== package_manager\napk',
    '== cgroup_mounts\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n\n== cgroup_controllers\ncpuset cpu io memory pids',
    '== cpus\n2\n\n== cpuinfo\n\n== memory\nMemTotal:        2020404 kB\nMemFree:          500000 kB\nSwapTotal: 0 kB',
    '== links\neth0 52:54:00:12:34:56 1500 up\nlo 00:00:00:00:00:00 65536 unknown\ntun0  1500 unknown',
    '== addresses\n1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever',
    '2: eth0    inet 192.168.1.7/24 brd 192.168.1.255 scope global eth0\\       valid_lft forever preferred_lft forever',
    '== routes\ndefault via 192.168.1.1 dev eth0  metric 202',
    '== virtualization\n\n== container\n\n== product\nQEMU\nQEMU Virtual Machine',
    '== user\nroot\n0\n/root',
  )
  expect(told).toMatchObject({
    os: { family: 'alpine', version: '3.20.3', major: '3' },
    init: 'openrc',
    package_manager: 'apk',
    arch: 'arm64',
    time: { epoch: 1_760_000_000, offset_ms: 0, zone: 'UTC' },
    cgroup: { version: 2, controllers: ['cpu', 'cpuset', 'io', 'memory', 'pids'] },
    cpu: { count: 2, model: null, cores: null, sockets: null },
    memory: { total_mb: 1973, free_mb: 488, swap_mb: 0 },
    network: { default_ipv4: { address: '192.168.1.7', interface: 'eth0', gateway: '192.168.1.1' } },
    virtualization: 'kvm',
  })
  expect(told.network?.interfaces.map(({ name, mac }) => [name, mac])).toEqual([
    ['eth0', '52:54:00:12:34:56'],
    ['tun0', ''],
  ])
})

test('Rocky Linux, with SELinux, firewalld and swap', () => {
  expect(
    facts(
      '== time\n1760000009123456789\n\n== zone\nCEST +0200',
      '== os\nNAME="Rocky Linux"\nVERSION="9.4 (Blue Onyx)"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"',
      'PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"',
      '== kernel\n5.14.0-427.13.1.el9_4.x86_64\n\n== machine\nx86_64\n\n== init\nsystemd\n\n== package_manager\ndnf',
      '== uptime\n12345.67 24000.00\n\n== selinux\n1\n\n== apparmor',
      '== cpus\n8\n\n== cpuinfo\ncpu cores\t: 4\nmodel name\t: Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz\nphysical id\t: 0\nphysical id\t: 1',
      '== swaps\nFilename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/dm-1                               partition\t2097148\t\t1024\t\t-2',
      '/swap\\040file                            file\t1048572\t\t0\t\t-3',
      '== disks\nsda 41943040 0 1 VMware Virtual S\ndm-0 37738496 0 1\nsdb 0 1 1 Flash Reader',
      '== firewalld\nthere\nactive\n\n== iptables\niptables v1.8.10 (nf_tables)\n\n== nft_tables\ntable inet firewalld',
      '== virtualization\nvmware',
    ),
  ).toMatchObject({
    os: { family: 'redhat', id: 'rocky', version: '9.4', major: '9', name: 'Rocky Linux 9.4 (Blue Onyx)' },
    time: { offset_ms: 9023, zone: 'CEST', utc_offset: '+0200' },
    uptime_s: 12345,
    selinux: 'enforcing',
    apparmor: false,
    package_manager: 'dnf',
    cpu: { count: 8, model: 'Intel(R) Xeon(R) Gold 6226R CPU @ 2.90GHz', cores: 8, sockets: 2 },
    swaps: [
      { path: '/dev/dm-1', kind: 'partition', size_mb: 2047, used_mb: 1, priority: -2 },
      { path: '/swap file', kind: 'file', size_mb: 1023, used_mb: 0, priority: -3 },
    ],
    disks: [
      { name: 'sda', size_mb: 20480, removable: false, rotational: true, model: 'VMware Virtual S' },
      { name: 'dm-0', size_mb: 18427, removable: false, rotational: true, model: null },
    ],
    firewall: { firewalld: 'active', ufw: 'absent', nftables: 'absent', nftables_tables: ['inet firewalld'] },
    virtualization: 'vmware',
  })
})

test.each([
  ['openSUSE Leap', 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\nVERSION_ID="15.6"', 'zypper', 'suse', '15'],
  [
    'openSUSE MicroOS',
    'ID="opensuse-microos"\nID_LIKE="suse opensuse"\nVERSION_ID="20250101"',
    'zypper',
    'suse',
    '20250101',
  ],
  ['Arch', 'ID=arch\nBUILD_ID=rolling\nANSI_COLOR="38;2;23;147;209"', 'pacman', 'arch', ''],
  ['Manjaro', 'ID=manjaro\nID_LIKE=arch', 'pacman', 'arch', ''],
  ['Amazon Linux', 'ID="amzn"\nID_LIKE="centos rhel fedora"\nVERSION_ID="2"', 'yum', 'redhat', '2'],
  ['Linux Mint', 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"', 'apt-get', 'debian', '22'],
])('%s', (_name, release, manager, family, major) => {
  const told = facts(`== os\n${release}`, `== package_manager\n${manager}`)
  expect(told.os).toMatchObject({ family, major })
  expect(told.package_manager).toBe(manager === 'apt-get' ? 'apt' : manager)
})

test('a Raspberry Pi whose firmware turns the memory controller off', () => {
  expect(
    facts(
      '== os\nPRETTY_NAME="Raspbian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=raspbian\nID_LIKE=debian',
      '== machine\naarch64\n\n== cgroup_mounts\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0',
      '== cgroup_controllers\ncpuset cpu io pids',
      '== cmdline\ncgroup_disable=memory console=serial0,115200 root=PARTUUID=4e639091-02 rootwait',
      '== model\nRaspberry Pi 4 Model B Rev 1.4\n\n== disks\nmmcblk0 62333952 0 0\n\n== virtualization\nnone',
    ),
  ).toMatchObject({
    os: { family: 'debian', id: 'raspbian' },
    cgroup: { version: 2, controllers: ['cpu', 'cpuset', 'io', 'pids'] },
    cmdline: expect.stringContaining('cgroup_disable=memory'),
    raspberry_pi: 'Raspberry Pi 4 Model B Rev 1.4',
    disks: [{ name: 'mmcblk0', size_mb: 30436, rotational: false }],
    virtualization: 'none',
  })
})

test('a container without systemd', () => {
  expect(facts('== virtualization\n\n== container\npodman\n\n== product\nQEMU').virtualization).toBe('podman')
})

test('what was not asked for is not there', () => {
  expect(Object.keys(readFacts('== end\n', asked, ['network', 'local']))).toEqual(['network', 'local'])
})
