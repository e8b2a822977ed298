import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Controller } from '../../../runner/modules/module.js'
import { localController } from '../../support/cases.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { convergesOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

let lab: Lab
let server: LabModuleHost
let box: LabModuleHost
let folder: string
let controller: Controller

beforeAll(async () => {
  lab = await openLab(ourLabDir())
  await lab.fresh('server-1')
  server = await connectLabHost(lab, 'server-1')
  box = await connectLabHost(lab, 'box-1')
  folder = mkdtempSync(join(tmpdir(), 'tsplay-lab-modules-'))
  controller = localController(folder)
})
afterAll(async () => {
  await server?.close()
  await box?.close()
  rmSync(folder, { recursive: true, force: true })
})

const sh = async (command: string, host = server) =>
  (await host.query({ body: `{ ${command}\n} 2>&1` })).stdout.toString().trim()

const play = (name: string, args: unknown, host: LabModuleHost, apply: boolean) =>
  runOn(host, name, args, apply, controller)
const converges = (name: string, args: unknown, host = server) => convergesOn(host, name, args, controller)

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: Error & { fields: Record<string, unknown> }) => error,
  )

/** The kernel's lists of swaps and of disks that have a size, by their names. */
const swapsHere = () =>
  readFileSync('/proc/swaps', 'utf8')
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => expect.objectContaining({ path: line.split(/\s/)[0] }))
const disksHere = () =>
  readdirSync('/sys/block')
    .filter((name) => !/^(loop|ram|zram|sr|fd|nbd)/.test(name))
    .filter((name) => readFileSync(`/sys/block/${name}/size`, 'utf8').trim() !== '0')
    .map((name) => expect.objectContaining({ name, size_mb: expect.any(Number) }))

test('facts of a systemd host and of one with nothing but busybox', async () => {
  await sh(`mkdir -p /etc/tsplay/facts.d && echo '{"rack": 7}' >/etc/tsplay/facts.d/place.fact
iptables -A INPUT -p tcp --dport 9 -j DROP`)
  const facts = (await play('setup', {}, server, true)).fields.facts
  await sh('iptables -D INPUT -p tcp --dport 9 -j DROP; rm -r /etc/tsplay')
  expect(facts).toMatchObject({
    os: { family: 'debian', id: 'debian', version: '12', codename: 'bookworm' },
    arch: 'amd64',
    init: 'systemd',
    package_manager: 'apt',
    hostname: 'server-1',
    firewall: {
      ufw: 'inactive',
      firewalld: 'absent',
      iptables: expect.stringMatching(/^(nf_tables|legacy)$/),
      iptables_policy: { input: 'ACCEPT', forward: expect.any(String), output: 'ACCEPT' },
      iptables_rules: 1,
    },
    local: { place: { rack: 7 } },
    // The machine's own: a host of the lab shares them.
    swaps: swapsHere(),
    disks: disksHere(),
    user: { name: 'root', uid: 0, home: '/root' },
    k3s: { installed: null, role: null },
  })
  const small = (await play('setup', {}, box, true)).fields.facts
  expect(small).toMatchObject({ arch: 'amd64', package_manager: null, firewall: { ufw: 'absent' } })
})

test('the proxy of /etc/environment holds under sudo, which hands on none', async () => {
  const proxy = createServer(({ url }, response) => response.end(url)).listen(0, '0.0.0.0')
  await once(proxy, 'listening')
  const gateway = lab.hosts.find(({ name }) => name === 'server-1')!.address.replace(/\.\d+$/, '.1')
  await sh(
    `echo 'http_proxy="http://${gateway}:${(proxy.address() as AddressInfo).port}"' >>/etc/environment`,
  )
  const url = 'http://no.such.invalid/file'
  try {
    const asked = await play('uri', { url, return_content: true }, server, true)
    expect(asked.fields.content).toBe(url)
    await converges('get_url', { url, dest: '/root/proxied' })
    expect(await sh('cat /root/proxied')).toBe(url)
  } finally {
    proxy.close()
    await sh("sed -i '/^http_proxy/d' /etc/environment; rm -f /root/proxied")
  }
})

describe('systemd', () => {
  const unit = (exec: string) => `[Service]\nExecStart=${exec}\n[Install]\nWantedBy=multi-user.target\n`

  test('a new unit is started and enabled, then stopped and disabled', async () => {
    await converges('copy', { content: unit('/bin/sleep 1000'), dest: '/etc/systemd/system/lab-a.service' })
    const on = { name: 'lab-a', state: 'started', enabled: true, daemon_reload: true }
    expect(await converges('systemd', on)).toMatchObject({ state: 'started', enabled: true })
    await sh("sed -i 's/1000/2000/' /etc/systemd/system/lab-a.service")
    expect(await converges('systemd', { name: 'lab-a', daemon_reload: true })).toMatchObject({
      state: 'started',
    })
    await converges('systemd', { name: 'lab-a', state: 'stopped', enabled: false })
    await converges('systemd', { name: 'lab-a', enabled: true })
  })
  test('a unit is masked, and unmasked again', async () => {
    await converges('systemd', { name: 'lab-masked', masked: true })
    await expect(play('systemd', { name: 'lab-masked', state: 'started' }, server, true)).rejects.toThrow(
      'masked',
    )
    await converges('systemd', { name: 'lab-masked', masked: false })
    expect(await sh('systemctl is-enabled lab-masked 2>&1 || :')).not.toContain('masked\n')
  })
  test('one that is not there: needed to start, not to stop', async () => {
    const wish = await play('systemd', { name: 'no-such', state: 'started' }, server, false)
    expect(wish.change?.requires).toEqual(['unit:no-such.service'])
    expect(
      (await play('systemd', { name: 'no-such', state: 'stopped', enabled: false }, server, true)).change,
    ).toBeUndefined()
  })
  test('one that does not start tells its journal', async () => {
    const notify = '[Service]\nType=notify\nExecStart=/bin/sh -c "echo it is broken; exit 3"\n'
    await converges('copy', { content: notify, dest: '/etc/systemd/system/lab-b.service' })
    const error = await failure(play('systemd', { name: 'lab-b', state: 'started' }, server, true))
    expect(error?.message).toContain('it is broken')
    expect(error?.fields).toMatchObject({ status: { ActiveState: 'failed' } })
  })
  test('one that takes too long', async () => {
    const slow = '[Service]\nType=notify\nTimeoutStartSec=60\nExecStart=/bin/sleep 50\n'
    await converges('copy', { content: slow, dest: '/etc/systemd/system/lab-c.service' })
    const error = await failure(
      play('systemd', { name: 'lab-c', state: 'started', timeout: 1 }, server, true),
    )
    expect(error?.message).toContain('could not start lab-c.service in 1 s: it is activating')
    await converges('systemd', { name: 'lab-c', state: 'stopped' })
  })
})

describe('ufw', () => {
  test('rules, comments, policy and state', async () => {
    await converges('ufw', { rule: 'allow', port: 22, proto: 'tcp', comment: 'ssh — lab' })
    await converges('ufw', { rule: 'allow', port: 22, proto: 'tcp', comment: 'another' })
    await converges('ufw', { rule: 'allow', port: '6443', proto: 'tcp', from_ip: '10.9.8.7/24' })
    await converges('ufw', {
      rule: 'allow',
      port: '2379:2380',
      proto: 'tcp',
      from_ip: 'fd00::1/8',
      interface: 'host0',
    })
    await converges('ufw', { rule: 'allow', from_ip: '10.42.0.0/16', to_ip: 'any' })
    await converges('ufw', { rule: 'allow', route: true, from_ip: '10.42.0.0/16' })
    await converges('ufw', { rule: 'deny', from_ip: '10.66.0.0/16', insert: 1 })
    await converges('ufw', { state: 'enabled', default: 'deny', logging: 'medium' })
    const fields = await converges('ufw', { rule: 'limit', port: 22, proto: 'tcp' })
    expect(fields.status).toBe('active')
    expect(await sh('ufw status')).toMatch(/22\/tcp +LIMIT +Anywhere +# another/)
    await converges('ufw', { rule: 'limit', port: 22, proto: 'tcp', delete: true })
    await converges('ufw', { default: 'allow', direction: 'routed' })
    await converges('ufw', { state: 'disabled' })
    await converges('ufw', { state: 'reset' })
  })
  test('not on the host', async () => {
    const wish = await play('ufw', { rule: 'allow', port: 22 }, box, false)
    expect(wish.change?.requires).toEqual(['command:ufw'])
  })
})

describe('package', () => {
  test('install, a version, latest, remove', async () => {
    await converges('apt', { name: ['tree', 'netbase'], update_cache: true, install_recommends: false })
    expect(await sh('command -v tree')).toBe('/usr/bin/tree')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own format.
    const version = await sh("dpkg-query -W -f '${Version}' tree")
    expect((await play('apt', { name: `tree=${version}` }, server, true)).change).toBeUndefined()
    expect((await play('apt', { name: 'tree', state: 'latest' }, server, true)).change).toBeUndefined()
    expect((await play('apt', { name: 'awk', state: 'present' }, server, true)).change).toBeUndefined()
    await converges('package', { name: 'tree', state: 'absent', purge: true })
  })
  test('a package that does not exist', async () => {
    const error = await failure(play('apt', { name: 'no-such-package-here' }, server, true))
    expect(error?.message).toContain('Unable to locate package no-such-package-here')
  })
})

test('users and groups', async () => {
  await converges('group', { name: 'lab-g', gid: 4321 })
  await converges('user', {
    name: 'lab-u',
    group: 'lab-g',
    groups: ['adm', 'sudo'],
    shell: '/bin/sh',
    uid: 4322,
  })
  expect(await sh('id lab-u')).toBe('uid=4322(lab-u) gid=4321(lab-g) groups=4321(lab-g),4(adm),27(sudo)')
  await converges('user', { name: 'lab-u', groups: 'adm', home: '/srv/lab-u', comment: "it's $(id)" })
  await converges('user', { name: 'lab-u', groups: 'sudo', append: true })
  await converges('user', { name: 'lab-u', state: 'absent' })
  await converges('group', { name: 'lab-g', state: 'absent' })
})

describe('the kernel', () => {
  test('sysctl, for now and the next boot', async () => {
    const file = '/etc/sysctl.d/90-lab.conf'
    const old = await sh('cat /proc/sys/net/ipv4/ip_forward')
    const value = old === '1' ? 0 : 1
    await converges('sysctl', { name: 'net.ipv4.ip_forward', value, sysctl_file: file })
    expect(await sh('cat /proc/sys/net/ipv4/ip_forward')).toBe(`${value}`)
    await converges('sysctl', {
      name: 'net.ipv4.ip_local_port_range',
      value: '20000 60000',
      sysctl_file: file,
    })
    expect(await sh(`cat ${file}`)).toBe(
      `net.ipv4.ip_forward=${value}\nnet.ipv4.ip_local_port_range=20000 60000`,
    )
    await converges('sysctl', { name: 'net.ipv4.ip_forward', state: 'absent', sysctl_file: file })
    const missing = await play('sysctl', { name: 'net.no.such', value: 1 }, server, false)
    expect(missing.change?.requires).toEqual(['sysctl:net.no.such'])
  })
  test('a built-in feature counts as a loaded module', async () => {
    const args = { name: 'overlay', persistent: 'present' }
    await converges('modprobe', args)
    expect(await sh('cat /etc/modules-load.d/overlay.conf')).toBe('overlay')
    const error = await failure(play('modprobe', { name: 'no_such_module' }, server, true))
    expect(error?.message).toContain('could not load the module')
  })
})

describe('files', () => {
  test('large and binary content goes by upload, on both kinds of host', async () => {
    writeFileSync(join(folder, 'big'), randomBytes(3_000_000))
    for (const host of [server, box]) {
      const fields = await converges('copy', { src: 'big', dest: '/root/big', mode: '0755' }, host)
      expect(fields).toMatchObject({ size: 3_000_000, mode: '0755' })
      expect(await sh('ls -A /root | grep -c tsplay || :', host)).toBe('0')
    }
  })
  test('a full disk leaves the old file whole and no other behind', async () => {
    await sh(
      'mkdir -p /mnt/small && mount -t tmpfs -o size=128k none /mnt/small && printf old > /mnt/small/f',
    )
    writeFileSync(join(folder, 'huge'), randomBytes(400_000))
    for (const args of [{ content: 'x'.repeat(200_000) }, { src: 'huge' }]) {
      const error = await failure(play('copy', { ...args, dest: '/mnt/small/f' }, server, true))
      expect(error?.message).toMatch(/No space left|disk full/)
      expect(await sh('cat /mnt/small/f; ls -A /mnt/small')).toBe('oldf')
    }
    await sh('umount /mnt/small')
  })
  test('owner and group', async () => {
    const args = { content: 'x', dest: '/etc/lab-owned', owner: 'debian', group: 'adm', mode: '4750' }
    expect(await converges('copy', args)).toMatchObject({ owner: 'debian', group: 'adm', mode: '4750' })
    await converges('file', { path: '/etc/lab-owned', owner: 'root', group: '0' })
    await converges('copy', { content: 'y', dest: '/etc/lab-owned' })
    expect(await sh('stat -c %U:%a /etc/lab-owned')).toBe('root:4750')
  })
  test('what may not be looked at is a failure, not absence', async () => {
    await sh('install -d -m 700 /srv/closed && touch /srv/closed/f')
    const asUser = await connectLabHost(lab, 'server-1', false)
    try {
      const error = await failure(play('stat', { path: '/srv/closed/f' }, asUser, true))
      expect(error?.message).toContain('permission denied: /srv/closed')
      const copied = await failure(play('copy', { content: 'x', dest: '/srv/closed/f' }, asUser, false))
      expect(copied?.message).toContain('permission denied')
    } finally {
      await asUser.close()
    }
  })
})

test('wait_for finds ports on both kinds of host', async () => {
  for (const host of [server, box]) {
    expect((await play('wait_for', { port: 22 }, host, true)).change).toBeUndefined()
    expect((await play('wait_for', { port: 2, state: 'stopped' }, host, true)).change).toBeUndefined()
    const error = await failure(play('wait_for', { port: 2, timeout: 1 }, host, true))
    expect(error?.message).toContain('127.0.0.1:2 is not started')
  }
})
