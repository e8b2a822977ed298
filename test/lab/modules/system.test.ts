import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { convergesOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'
import { connectWithShell, shellNames } from './shells.js'

let lab: Lab
let host: LabModuleHost
let box: LabModuleHost

beforeAll(async () => {
  lab = openLab(ourLabDir())
  await lab.fresh('server-1')
  host = await connectLabHost(lab, 'server-1')
  box = await connectLabHost(lab, 'box-1')
})
afterAll(async () => {
  await host?.close()
  await box?.close()
})

const sh = async (command: string, on = host) =>
  (await on.query({ body: `{ ${command}\n} 2>&1` })).stdout.toString().trim()

const play = (name: string, args: unknown, apply: boolean, on = host) => runOn(on, name, args, apply)
const converges = (name: string, args: unknown, on = host) => convergesOn(on, name, args)

test('the name of the host, on both kinds', async () => {
  await converges('hostname', { name: 'lab-renamed.example' })
  expect(await sh('uname -n; cat /etc/hostname')).toBe('lab-renamed.example\nlab-renamed.example')
  await converges('hostname', { name: 'lab-box' }, box)
  // As the files after this one expect them.
  await converges('hostname', { name: 'server-1' })
  await converges('hostname', { name: 'box-1' }, box)
})

test('the time zone', async () => {
  await converges('timezone', { name: 'Asia/Tokyo' })
  expect(await sh('date +%Z; cat /etc/timezone')).toBe('JST\nAsia/Tokyo')
  const missing = await play('timezone', { name: 'No/Where' }, false)
  expect(missing.change?.requires).toEqual(['file:/usr/share/zoneinfo/No/Where'])
})

test('mounts, now and at boot', async () => {
  const at = '/mnt/a b'
  await converges('mount', { path: at, src: 'lab', fstype: 'tmpfs', opts: 'size=1m', state: 'mounted' })
  expect(await sh("grep -c '/mnt/a.040b' /proc/mounts; grep a.040b /etc/fstab")).toBe(
    '1\nlab /mnt/a\\040b tmpfs size=1m 0 0',
  )
  const smaller = { path: at, src: 'lab', fstype: 'tmpfs', opts: 'size=1m,ro', state: 'mounted' }
  await converges('mount', smaller)
  expect(await sh("grep -c '/mnt/a.040b tmpfs ro,' /proc/mounts; grep -c size=1m,ro /etc/fstab")).toBe('1\n1')
  await expect(play('mount', { ...smaller, opts: 'size=none' }, true)).rejects.toThrow('remount /mnt/a b')
  expect((await play('mount', { ...smaller, opts: 'size=none' }, false)).change).toBeDefined()
  await converges('mount', { path: at, state: 'unmounted' })
  await converges('mount', { path: at, src: 'lab', fstype: 'tmpfs', state: 'ephemeral' })
  await converges('mount', { path: at, state: 'absent' })
  expect(await sh("grep -c 040b /proc/mounts /etc/fstab || :; test -e '/mnt/a b' || echo gone")).toMatch(
    /mounts:0\n\/etc\/fstab:0\ngone/,
  )
})

test('keys of an account', async () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2iYxyZ7mVv8vN1y3rXk5pP0h1fY0bO7tVq9zq0bXyZ lab'
  await sh('useradd -m lab-k')
  await converges('authorized_key', { user: 'lab-k', key })
  expect(await sh('stat -c %U:%G:%a /home/lab-k/.ssh /home/lab-k/.ssh/authorized_keys')).toBe(
    'lab-k:lab-k:700\nlab-k:lab-k:600',
  )
  await converges('authorized_key', { user: 'lab-k', key, state: 'absent' })
})

describe('cron', () => {
  test('a table of its own, and a file', async () => {
    await play('apt', { name: 'cron', update_cache: true }, true)
    await converges('cron', { name: 'lab', minute: 5, job: "echo 'it is $HOME' %" })
    await converges('cron', { name: 'lab', minute: 6, job: 'true' })
    expect(await sh('crontab -l')).toBe('#Ansible: lab\n6 * * * * true')
    await sh(`printf '%s\\n' '#!/bin/sh' 'echo a warning >&2' 'exec /usr/bin/crontab "$@"' >/usr/local/bin/crontab
chmod 755 /usr/local/bin/crontab`)
    const { backup_file } = await converges('cron', { name: 'lab', minute: 7, job: 'true', backup: true })
    await sh('rm /usr/local/bin/crontab')
    expect(await sh('crontab -l')).toBe('#Ansible: lab\n7 * * * * true')
    expect(await sh(`cat ${backup_file}; stat -c %a ${backup_file}; rm ${backup_file}`)).toBe(
      '#Ansible: lab\n6 * * * * true\n600',
    )
    await converges('cron', { name: 'lab', state: 'absent' })
    await converges('cron', { name: 'lab', job: 'true', user: 'debian', cron_file: 'lab' })
    expect(await sh('cat /etc/cron.d/lab')).toBe('#Ansible: lab\n* * * * * debian true')
  })
})

test('alternatives', async () => {
  await sh('printf "#!/bin/sh\\n" >/opt/one; cp /opt/one /opt/two; chmod +x /opt/one /opt/two')
  const group = { name: 'lab-alt', link: '/usr/local/bin/lab-alt' }
  await converges('alternatives', { ...group, path: '/opt/one' })
  await converges('alternatives', { name: 'lab-alt', path: '/opt/two', link: group.link, state: 'present' })
  expect(await sh('readlink -f /usr/local/bin/lab-alt')).toBe('/opt/one')
  await converges('alternatives', { ...group, path: '/opt/two' })
  expect(await sh('readlink -f /usr/local/bin/lab-alt')).toBe('/opt/two')
  await converges('alternatives', { name: 'lab-alt', state: 'auto' })
  await converges('alternatives', { name: 'lab-alt', path: '/opt/two', state: 'absent' })
})

describe('reboot', () => {
  afterAll(() => lab.exec('server-1', 'sudo ln -sf dash /bin/sh'))
  test.each(shellNames)(
    'one that does not go down is not back; the host is back with another boot id, and what it wrote is there, under %s',
    async (shell) => {
      await host.close()
      host = await connectWithShell(lab, 'server-1', shell)
      const before = await sh('cat /proc/sys/kernel/random/boot_id; echo x >/root/kept')
      const stays = play('reboot', { reboot_command: 'true x', reboot_timeout: 1 }, true).catch((e) => e)
      expect((await stays).message).toContain('the host was not back after 1 s: it is not there yet')
      expect((await stays).fields).toEqual({ rebooted: false })
      const reboot_command = shell === 'dash' ? undefined : "systemctl reboot '--message=by the lab'"
      const { fields } = await play('reboot', { test_command: 'test -e /root/kept', reboot_command }, true)
      expect(fields).toMatchObject({ rebooted: true })
      expect(fields.boot_id).not.toBe(before)
      expect((await play('wait_for_connection', {}, true)).change).toBeUndefined()
    },
  )
})
