import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { type K3sHosts, k3sHosts } from '../k3s/hosts.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { changes, failures, type Played, play } from './play.js'

const nodes = ['agent-1', 'agent-2']
let lab: Lab
let k3s: K3sHosts

/** The role on a host, of which something is said that no host of the lab is. */
const prepares = (name: string, vars: Record<string, unknown>): Promise<Played> => {
  const path = join(lab.dir, `node-prep-${name}.yaml`)
  const tasks = [{ include_role: { name: 'node_prep' }, vars }]
  writeFileSync(
    path,
    stringify([{ hosts: name, become: true, gather_facts: true, roles: ['k3s_cluster'], tasks }]),
  )
  return play(lab.inventoryPath, path)
}
const bootOf = async (name: string): Promise<string> =>
  (await k3s.sh(name, 'cat /proc/sys/kernel/random/boot_id')).text.trim()
/** How often a run rebooted its host. */
const reboots = ({ events }: Played): number =>
  events.filter(
    (event) =>
      event.type === 'host_finished' && event.task.module === 'reboot' && event.result.status === 'changed',
  ).length

beforeAll(async () => {
  lab = openLab(ourLabDir())
  k3s = k3sHosts(lab)
  await Promise.all(nodes.map((name) => lab.fresh(name)))
})
afterAll(() => Promise.all(nodes.map((name) => lab.fresh(name))))

it('a Raspberry Pi is rebooted once for its boot file, and not again where that was of no use', async () => {
  const file = '/boot/firmware/cmdline.txt'
  k3s.write('agent-1', file, 'console=tty1 root=PARTUUID=1 rootwait\n', 0o644)
  const before = await bootOf('agent-1')
  // As firmware has it that heeds the file, and as one that does not.
  const heeds = { node_prep_is_pi: true, node_prep_counts_memory: `<%= facts.boot_id !== '${before}' %>` }
  const ignores = {
    node_prep_is_pi: true,
    node_prep_counts_memory: false,
    node_prep_booted: `<%= facts.boot_id !== '${before}' %>`,
  }
  const prepared = await prepares('agent-1', heeds)
  expect(failures(prepared)).toBe('')
  expect([reboots(prepared), (await bootOf('agent-1')) === before]).toEqual([1, false])
  expect((await k3s.sh('agent-1', `cat ${file}`)).text).toBe(
    'console=tty1 root=PARTUUID=1 rootwait cgroup_memory=1 cgroup_enable=memory\n',
  )
  expect((await k3s.sh('agent-1', 'cat /etc/rancher/k3s/.tsplay-host')).text).toMatch(
    /^boot \S+cmdline\.txt [0-9a-f]{64}$/m,
  )
  const again = await prepares('agent-1', heeds)
  expect([failures(again), changes(again)]).toEqual(['', { 'agent-1': 0 }])
  const useless = await prepares('agent-1', ignores)
  expect(failures(useless)).toMatch(
    /counts no memory of groups, though it was started with: .*rpi-eeprom-update/,
  )
  expect(reboots(useless)).toBe(0)
})

it('nm-cloud-setup of an old RHEL goes, with one reboot', async () => {
  const unit = '[Service]\nType=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n'
  k3s.write('agent-2', '/etc/systemd/system/nm-cloud-setup.service', unit, 0o644)
  k3s.write(
    'agent-2',
    '/etc/systemd/system/nm-cloud-setup.timer',
    '[Timer]\nOnBootSec=1h\n[Install]\nWantedBy=timers.target\n',
    0o644,
  )
  await k3s.sh('agent-2', 'systemctl enable --now nm-cloud-setup.service nm-cloud-setup.timer')
  const rhel = (version: string) => ({ family: 'redhat', id: 'rocky', version, major: '8' })
  const newer = await prepares('agent-2', { node_prep_os: rhel('8.10') })
  expect([failures(newer), reboots(newer)]).toEqual(['', 0])
  const before = await bootOf('agent-2')
  const prepared = await prepares('agent-2', { node_prep_os: rhel('8.3') })
  expect(failures(prepared)).toBe('')
  expect([reboots(prepared), (await bootOf('agent-2')) === before]).toEqual([1, false])
  const enabled = await k3s.sh('agent-2', 'systemctl is-enabled nm-cloud-setup.service nm-cloud-setup.timer')
  expect(enabled.text).toBe('disabled\ndisabled\n')
  expect((await k3s.sh('agent-2', 'grep ^unit /etc/rancher/k3s/.tsplay-host')).text).toBe(
    'unit nm-cloud-setup.service\nunit nm-cloud-setup.timer\n',
  )
  const again = await prepares('agent-2', { node_prep_os: rhel('8.3') })
  expect([failures(again), changes(again)]).toEqual(['', { 'agent-2': 0 }])
})

it('swap goes where that is wished', async () => {
  // The kernel's own tables say that there is none: others are put over them, and the program that ends it takes them away.
  const swaps = 'Filename Type Size Used Priority\n/dev/sdz partition 1048576 0 -2\n'
  k3s.write('agent-2', '/root/swaps', swaps)
  const swapoff = '#!/bin/sh\numount /proc/swaps /proc/meminfo && echo "$@" >/root/off\n'
  k3s.write('agent-2', '/usr/local/sbin/swapoff', swapoff, 0o755)
  await k3s.sh(
    'agent-2',
    `sed 's/^SwapTotal:.*/SwapTotal: 1048576 kB/' /proc/meminfo >/root/meminfo
for name in swaps meminfo; do mount --bind /root/$name /proc/$name; done
echo '/dev/sdz none swap sw 0 0' >>/etc/fstab`,
  )
  const wished = { node_prep_swap_off: true }
  expect(failures(await prepares('agent-2', {}))).toBe('')
  expect((await k3s.sh('agent-2', 'cat /root/off')).code).not.toBe(0)
  expect(failures(await prepares('agent-2', wished))).toBe('')
  expect((await k3s.sh('agent-2', 'cat /root/off; grep sdz /etc/fstab')).text).toBe(
    '-a\n# /dev/sdz none swap sw 0 0\n',
  )
  expect(changes(await prepares('agent-2', wished))).toEqual({ 'agent-2': 0 })
})
