import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { shells } from '../../support/cases.js'
import { play, temporaryFolder } from '../../support/playbook.js'

const roles = fileURLToPath(new URL('../../../roles/', import.meta.url))
const bootScript = `${roles}node_prep/files/boot.sh`

/** Debian on a machine that is no Raspberry Pi; what a test gives wins. */
const host = {
  node_prep_os: { family: 'debian', id: 'debian', version: '12', major: '12' },
  node_prep_is_pi: false,
  node_prep_is_selinux: false,
  node_prep_boot_file: null as string | null,
  node_prep_cis: false,
  k3s_cluster_cidrs: ['10.42.0.0/16'],
  k3s_service_cidrs: ['10.43.0.0/16'],
  k3s_user_config: {},
  extra_install_envs: {},
  k3s_config_dir: '/etc/rancher/k3s',
  k3s_binary_path: '/usr/local/bin/k3s',
  k3s_unit: 'k3s',
  systemd_dir: '/etc/systemd/system',
  node_prep_look: { stdout_lines: [] as string[] },
}

/** Variables of the role by their names, as values, for each host that is given. */
async function values(names: readonly string[], ...hosts: readonly object[]): Promise<unknown[][]> {
  const files = ['node_prep/defaults', 'node_prep/vars'].map((folder) => `${roles}${folder}/main.yaml`)
  const vars = Object.fromEntries(Object.keys(host).map((name) => [name, `<%= item.${name} %>`]))
  const task = {
    debug: { msg: `<%= toJson([${names.join(', ')}]) %>` },
    loop: hosts.map((given) => ({ ...host, ...given })),
    vars,
  }
  const ran = await play(JSON.stringify([{ hosts: 'web', vars: host, vars_files: files, tasks: [task] }]))
  expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0)
  return ran.messages.map((message) => JSON.parse(message.replace(/^h1: /, '')))
}
const os = (family: string, id: string, version: string) => ({
  family,
  id,
  version,
  major: version.split('.')[0],
})

it('takes for each system the packages and the boot file that it needs', async () => {
  const skipped = { extra_install_envs: { INSTALL_K3S_SKIP_SELINUX_RPM: 'true' } }
  const systems: [Record<string, unknown>, string[], string][] = [
    [{ node_prep_os: os('debian', 'raspbian', '12') }, [], '/boot/firmware/cmdline.txt'],
    [{ node_prep_os: os('debian', 'debian', '11') }, [], '/boot/cmdline.txt'],
    [
      { node_prep_os: os('debian', 'ubuntu', '22.04'), node_prep_is_pi: true },
      ['linux-modules-extra-raspi'],
      '/boot/firmware/current/cmdline.txt',
    ],
    [
      { node_prep_os: os('debian', 'ubuntu', '24.04'), node_prep_is_pi: true },
      [],
      '/boot/firmware/current/cmdline.txt',
    ],
    [{ node_prep_os: os('redhat', 'rocky', '9.4') }, [], '/boot/cmdline.txt'],
    [{ node_prep_os: os('redhat', 'almalinux', '10.0') }, ['kernel-modules-extra'], '/boot/cmdline.txt'],
    [{ node_prep_os: os('redhat', 'ol', '10.1') }, ['kernel-uek-modules-extra'], '/boot/cmdline.txt'],
    [
      { node_prep_os: os('redhat', 'rocky', '9.4'), node_prep_is_selinux: true },
      ['container-selinux', 'k3s-selinux'],
      '/boot/cmdline.txt',
    ],
    [
      { node_prep_os: os('suse', 'opensuse-microos', '20261101'), node_prep_is_selinux: true },
      ['container-selinux', 'k3s-selinux'],
      '/boot/cmdline.txt',
    ],
    [
      { node_prep_os: os('suse', 'opensuse-leap', '15.6'), node_prep_is_selinux: true, ...skipped },
      [],
      '/boot/cmdline.txt',
    ],
    [{ node_prep_os: os('arch', 'arch', '') }, ['iptables-nft'], '/boot/boot.txt'],
    [{ node_prep_os: os('alpine', 'alpine', '3.22') }, [], '/boot/cmdline.txt'],
    [{ node_prep_boot_file: '/mnt/cmdline.txt' }, [], '/mnt/cmdline.txt'],
  ]
  const found = await values(
    ['node_prep_all_packages', 'node_prep_boot_files'],
    ...systems.map(([given]) => given),
  )
  const said = found.map(([packages, files]) => [
    (packages as string[]).filter((name) => !name.startsWith('apparmor')),
    (files as string[])[0],
  ])
  expect(said).toEqual(systems.map(([, packages, file]) => [packages, file]))
})

it('takes k3s-selinux from where it is for the system', async () => {
  const systems = [
    os('redhat', 'rocky', '9.4'),
    os('suse', 'opensuse-microos', ''),
    os('suse', 'sle-micro', '6.0'),
  ]
  const found = await values(['node_prep_selinux_url'], ...systems.map((node_prep_os) => ({ node_prep_os })))
  const places = ['centos/9', 'microos', 'slemicro']
  expect(found.flat()).toEqual(
    places.map((place) => `https://rpm.rancher.io/k3s/stable/common/${place}/noarch`),
  )
})

it('knows old iptables, what the kernel has built in, and whom NetworkManager must leave alone', async () => {
  const look = { stdout_lines: ['iptables v1.8.4', 'loadable br_netfilter', 'unit NetworkManager'] }
  const names = ['node_prep_settings', 'node_prep_files']
  const cis = { node_prep_look: look, node_prep_cis: true }
  const own = { node_prep_look: look, k3s_user_config: { 'prefer-bundled-bin': false } }
  const newer = { node_prep_look: { stdout_lines: ['iptables v1.8.9'] } }
  const [[settings, files], [ofOwn], [ofNewer]] = (await values(names, cis, own, newer)) as [
    unknown[],
    unknown[],
    unknown[],
  ]
  expect(settings).toEqual({ 'prefer-bundled-bin': true, 'protect-kernel-defaults': true })
  const lines = Object.fromEntries(
    (files as { path: string; lines: string[] }[]).map(({ path, lines }) => [path, lines]),
  )
  expect(lines['/etc/modules-load.d/tsplay-k3s.conf']).toEqual(['br_netfilter'])
  expect(lines['/etc/sysctl.d/90-tsplay-k3s.conf']).toContain('vm.overcommit_memory = 1')
  expect(lines['/etc/NetworkManager/conf.d/tsplay-k3s.conf']![1]).toContain('interface-name:flannel*')
  expect([ofOwn, ofNewer]).toEqual([{}, {}])
})

it('lets IPv6 through only where pods speak it', async () => {
  const cidrs = ['10.42.0.0/16', '2001:db8:42::/56']
  const found = await values(['node_prep_wanted'], ...cidrs.map((cidr) => ({ k3s_cluster_cidrs: [cidr] })))
  const forwards = found.map(([wanted]) =>
    Object.keys(wanted as object).includes('net.ipv6.conf.all.forwarding'),
  )
  expect(forwards).toEqual([false, true])
})

it('removes what the role has written and has nothing left to say', async () => {
  const paths = ['/etc/rancher/k3s/config.yaml.d/05-tsplay-host.yaml', '/etc/sysctl.d/90-tsplay-k3s.conf']
  const node_prep_look = { stdout_lines: paths.map((path) => `ours ${path}`) }
  const found = await values(
    ['node_prep_unwanted'],
    { node_prep_look },
    { node_prep_look, node_prep_cis: true },
  )
  expect(found).toEqual([[[paths[0]]], [[]]])
})

describe.each(shells())('the look at a host, under $name', ({ argv, env, close }) => {
  afterAll(close)

  it('knows files of the role by their first line', () => {
    const dir = temporaryFolder({
      'ours.yaml': '# Kept by tsplay from the inventory.\nprotect-kernel-defaults: true\n',
      'theirs.yaml': 'protect-kernel-defaults: true\n# Kept by tsplay from the inventory.\n',
      'empty.yaml': '',
    })
    const files = ['ours', 'theirs', 'empty', 'none'].map((name) => `${dir}/${name}.yaml`)
    const [command, ...rest] = argv
    const words = [...rest, `${roles}node_prep/files/look.sh`, '', files.join(' ')]
    const { status, stdout, stderr } = spawnSync(command!, words, { encoding: 'utf8', env })
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').filter((line) => line.startsWith('ours '))).toEqual([`ours ${files[0]}`])
  })
})

describe("a Raspberry Pi's boot file", () => {
  const run = (doing: string, dir: string, ...files: string[]) => {
    const { status, stdout, stderr } = spawnSync('sh', [bootScript, doing, dir, ...files], {
      encoding: 'utf8',
    })
    return { status, said: stdout.replace(dir, '').trim(), stderr }
  }

  it('gets the words once, in its one line, and what forbids them goes', () => {
    const dir = temporaryFolder({
      'moved.txt':
        'DO NOT EDIT THIS FILE\n\nThe file you are looking for has moved to /boot/firmware/cmdline.txt\n',
      'cmdline.txt': 'console=tty1 root=PARTUUID=1 rootwait cgroup_memory=1 cgroup_disable=memory quiet\n',
    })
    const files = ['/none.txt', '/moved.txt', '/cmdline.txt']
    expect(run('look', dir, ...files)).toMatchObject({ status: 0, said: '/cmdline.txt changes' })
    expect(run('set', dir, ...files)).toMatchObject({ status: 0, said: '/cmdline.txt changes', stderr: '' })
    expect(readFileSync(join(dir, 'cmdline.txt'), 'utf8')).toBe(
      'console=tty1 root=PARTUUID=1 rootwait cgroup_memory=1 quiet cgroup_enable=memory\n',
    )
    expect(readFileSync(join(dir, 'cmdline.txt.before-tsplay'), 'utf8')).toContain('cgroup_disable=memory')
    expect(run('set', dir, ...files).said).toBe('/cmdline.txt stays')
    expect(run('look', dir, '/none.txt').status).toBe(3)
  })

  it('of Arch is a script, and is compiled', () => {
    const script = 'part uuid x\nsetenv bootargs "console=ttyS1 root=PARTUUID=1 rw"\nbooti\n'
    const dir = temporaryFolder({ 'boot.txt': script, mkscr: '#!/bin/sh\necho compiled >made\n' })
    spawnSync('chmod', ['+x', join(dir, 'mkscr')])
    run('set', dir, '/boot.txt')
    expect(readFileSync(join(dir, 'boot.txt'), 'utf8')).toBe(
      script.replace(' rw"', ' rw cgroup_memory=1 cgroup_enable=memory"'),
    )
    expect(readFileSync(join(dir, 'made'), 'utf8')).toBe('compiled\n')
    expect(run('look', dir, '/boot.txt').said).toBe('/boot.txt stays')
  })
})
