import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { watchDisks } from './disks.js'
import { changes, failures, play, readInventory, root, writeInventory } from './play.js'

let lab: Lab

/** One server. The stand-in keeps what k3s would keep in ~/.rancher under another root, and makes no interfaces. */
const inventory = (): string => {
  const one = readInventory(lab)
  one.k3s_cluster.children.server.hosts = { 'server-1': one.k3s_cluster.children.server.hosts['server-1']! }
  one.k3s_cluster.children.agent.hosts = {}
  Object.assign(one.k3s_cluster.vars, {
    k3s_rootless_args: '--disable=traefik',
    k3s_rootless_environment: {
      K3S_ROOTLESS_MTU: 1400,
      TSPLAY_STANDIN_ROOT: '/home/debian/.rancher',
      TSPLAY_STANDIN_NO_LINKS: 1,
    },
    server_config_yaml: 'write-kubeconfig: /home/debian/.kube/k3s.yaml\n',
  })
  return writeInventory(lab, 'rootless', one)
}

/** Parts of the role, without its refusal: what the lab's control groups cannot do, delegation, comes last in one of them. */
const partsOf = (...parts: object[]): string => {
  const look = {
    script: `${root}roles/k3s_rootless/files/look.sh debian`,
    changed_when: false,
    register: 'k3s_rootless_look',
  }
  const path = join(lab.dir, 'rootless-playbook.yaml')
  const tasks = [look, ...parts]
  writeFileSync(path, stringify([{ hosts: 'server', become: true, roles: ['k3s_cluster'], tasks }]))
  return path
}
const user = () => partsOf({ include_role: { name: 'k3s_rootless', tasks_from: 'user' } })
const service = () =>
  partsOf(
    { include_role: { name: 'k3s_binary' } },
    { include_role: { name: 'k3s_rootless', tasks_from: 'service' } },
  )
const exec = async (command: string): Promise<string> => (await lab.exec('server-1', command)).stdout.trim()

// A quiet machine takes a tenth of it.
vi.setConfig({ testTimeout: 300_000 })

beforeAll(async () => {
  lab = openLab(ourLabDir())
  await lab.fresh('server-1')
})
afterAll(() => lab.fresh('server-1'))

describe('k3s without root', () => {
  it('is refused where control groups cannot be delegated, and nothing is changed', async () => {
    const touched = await watchDisks(lab, ['server-1'])
    const refused = await play(inventory(), 'rootless')
    expect([refused.code, changes(refused)]).toEqual([2, { 'server-1': 0 }])
    expect(failures(refused)).toMatch(/control groups are version 1 or both on server-1.*nothing was changed/)
    expect(await touched()).toEqual([])
  })

  it('is foretold', async () => {
    const touched = await watchDisks(lab, ['server-1'])
    for (const part of [user(), service()])
      expect(failures(await play(inventory(), part, '--check', '--diff'))).toBe('')
    expect(await touched()).toEqual([])
  })

  it('gives the user what root alone can give, and tells what systemd does not delegate', async () => {
    const made = await play(inventory(), user())
    expect(failures(made)).toMatch(
      /systemd does not delegate cpu, cpuset, memory, pids to debian yet.*reboot server-1/,
    )
    expect(await exec('cat /etc/subuid /etc/subgid')).toMatch(/^debian:\d+:65536\ndebian:\d+:65536$/)
    expect(await exec('cat /etc/systemd/system/user@.service.d/delegate.conf')).toBe(
      '[Service]\nDelegate=cpu cpuset io memory pids',
    )
    expect(await exec('cat /etc/sysctl.d/90-k3s-rootless.conf')).toMatch(/^net.ipv4.ip_forward ?= ?1$/m)
    expect(
      await exec('command -v newuidmap; systemctl is-active user@1000.service; ls /var/lib/systemd/linger'),
    ).toBe('/usr/bin/newuidmap\nactive\ndebian')
    expect(changes(await play(inventory(), user()))).toEqual({ 'server-1': 0 })
  })

  it('is a service of the user, which starts at boot', async () => {
    const made = await play(inventory(), service())
    expect(failures(made)).toBe('')
    expect(await exec('KUBECONFIG=~/.kube/k3s.yaml k3s kubectl get nodes')).toMatch(/server-1 +Ready/)
    const ctl = 'XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user'
    expect(await exec(`ps -o user= -p $(${ctl} show -P MainPID k3s-rootless)`)).toBe('debian')
    expect(await exec(`${ctl} is-enabled k3s-rootless`)).toBe('enabled')
    expect(await exec('stat -c %a ~/.config/k3s/config.yaml')).toBe('600')
    expect(changes(await play(inventory(), service()))).toEqual({ 'server-1': 0 })
  })

  it('has the unit that k3s documents', async () => {
    const unit = await exec('cat ~/.config/systemd/user/k3s-rootless.service')
    expect(
      unit
        .split('\n')
        .filter((line) => /^[A-Z]/.test(line))
        .sort(),
    ).toEqual(
      [
        'Description=k3s (Rootless)',
        'StartLimitBurst=3',
        'StartLimitIntervalSec=60s',
        'Type=simple',
        'Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'Environment=K3S_CONFIG_FILE=%h/.config/k3s/config.yaml',
        'Environment="K3S_ROOTLESS_MTU=1400"',
        'Environment="TSPLAY_STANDIN_ROOT=/home/debian/.rancher"',
        'Environment="TSPLAY_STANDIN_NO_LINKS=1"',
        'ExecStart=/usr/local/bin/k3s server --rootless --snapshotter=fuse-overlayfs --disable=traefik',
        'ExecReload=/bin/kill -s HUP $MAINPID',
        'Delegate=yes',
        'KillMode=mixed',
        'TimeoutSec=0',
        'Restart=always',
        'RestartSec=2',
        'LimitNOFILE=infinity',
        'LimitNPROC=infinity',
        'LimitCORE=infinity',
        'TasksMax=infinity',
        'WantedBy=default.target',
      ].sort(),
    )
  })
})
