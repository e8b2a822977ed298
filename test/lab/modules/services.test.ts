import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { probeUnit } from '../../../runner/modules/systemd/unit-probe.js'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { convergesOn, runOn } from './converge.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

let lab: Lab
let host: LabModuleHost
let debian: LabModuleHost
let box: LabModuleHost

beforeAll(async () => {
  lab = openLab(ourLabDir())
  host = await connectLabHost(lab, 'server-1')
  debian = await connectLabHost(lab, 'server-1', false)
  box = await connectLabHost(lab, 'box-1')
})
afterAll(async () => {
  for (const one of [host, debian, box]) await one?.close()
})

const sh = async (command: string, on = host) =>
  (await on.query({ body: `{ ${command}\n} 2>&1`, timeoutMs: 60_000 })).stdout.toString().trim()

const play = (name: string, args: unknown, apply: boolean, on = host) => runOn(on, name, args, apply)
const converges = (name: string, args: unknown, on = host) => convergesOn(on, name, args)

const unit = "printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=default.target\\n'"

describe('systemd', () => {
  test('a service, by the module service', async () => {
    await sh(`${unit} >/etc/systemd/system/lab-s.service; systemctl daemon-reload`)
    await converges('service', { name: 'lab-s', state: 'started', enabled: true })
    expect(await sh('systemctl is-active lab-s; systemctl is-enabled lab-s')).toBe('active\nenabled')
    expect((await play('service', { name: 'lab-s', state: 'restarted' }, true)).change).toBeDefined()
    await converges('service', { name: 'lab-s', state: 'stopped', enabled: false })
  })

  test('of units that are asked for at the same time, each is told what it is told alone', async () => {
    const order = { daemon_reload: false, daemon_reexec: false, no_block: false, force: false, timeout: 1 }
    const names = ['ssh.service', 'no-such.service', 'getty@tty7.service', 'dbus.socket', 'multi-user.target']
    const ask = (unit: string) => probeUnit(host, { ...order, unit, scope: 'system' })
    const alone = []
    for (const name of names) alone.push(await ask(name))
    const all = Promise.all(names.map(ask))
    expect(await all).toEqual(alone)
    expect(alone.map(({ status }) => status.LoadState)).toContain('not-found')
  })

  test('systemd runs itself anew, every time it is asked to', async () => {
    const { change } = await play('systemd', { daemon_reexec: true }, true)
    expect(change?.summary).toEqual(['run systemd anew'])
    expect(await sh('systemctl is-system-running --wait >/dev/null; systemctl is-active ssh')).toBe('active')
  })

  test('a unit of a user', async () => {
    await play('apt', { name: 'libpam-systemd', install_recommends: false, update_cache: true }, true)
    await debian.close()
    debian = await connectLabHost(lab, 'server-1', false)
    await sh(
      'loginctl enable-linger debian; for i in 1 2 3 4 5 6 7 8 9; do [ -e /run/user/1000/systemd ] && break; sleep 1; done',
    )
    await sh(`mkdir -p ~/.config/systemd/user; ${unit} >~/.config/systemd/user/lab-u.service`, debian)
    const order = { name: 'lab-u', state: 'started', enabled: true, daemon_reload: true, scope: 'user' }
    await converges('systemd', order, debian)
    expect(await sh('XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user is-active lab-u', debian)).toBe(
      'active',
    )
    expect(await sh('systemctl is-active lab-u || :')).toBe('inactive')
    await converges('systemd', { name: 'lab-u', state: 'stopped', enabled: false, scope: 'user' }, debian)
  })

  test('a user without a systemd', async () => {
    await sh('id lab-none >/dev/null || useradd -m lab-none')
    const error = await play('systemd', { name: 'x', state: 'started', scope: 'user' }, false, {
      ...host,
      query: (script) =>
        host.query({
          body: 'su lab-none -c "$program"',
          vars: { program: `XDG_RUNTIME_DIR=/run/user/9; unit=x.service; scope=user\n${script.body}` },
        }),
    }).catch((e) => e)
    expect(error.message).toContain('lab-none has no systemd of its own')
  })

  test('what all users have', async () => {
    await sh(`${unit} >/etc/systemd/user/lab-g.service`)
    await converges('systemd', { name: 'lab-g', enabled: true, scope: 'global' })
    expect(await sh('ls /etc/systemd/user/default.target.wants')).toContain('lab-g.service')
    await converges('systemd', { name: 'lab-g', enabled: false, scope: 'global' })
    expect(
      (await play('systemd', { name: 'lab-none', enabled: true, scope: 'global' }, false)).change?.requires,
    ).toEqual(['unit:lab-none.service'])
  })

  test('a link that stands in the way of masking', async () => {
    await sh(`${unit} >/opt/lab-f.service; systemctl link /opt/lab-f.service`)
    await expect(play('systemd', { name: 'lab-f', masked: true }, true)).rejects.toThrow(
      'could not mask lab-f.service',
    )
    await converges('systemd', { name: 'lab-f', masked: true, force: true })
    expect(await sh('readlink /etc/systemd/system/lab-f.service')).toBe('/dev/null')
  })
})

describe('OpenRC', () => {
  const order = (more: object) => ({ name: 'lab-rc', use: 'openrc', ...more })

  test('started, enabled, restarted, stopped', async () => {
    await play('apt', { name: 'openrc', install_recommends: false, update_cache: true }, true)
    await sh(`mkdir -p /run/openrc; : >/run/openrc/softlevel
printf '%s\\n' '#!/sbin/openrc-run' command=/bin/sleep command_args=1000 command_background=true pidfile=/run/lab-rc.pid \\
  >/etc/init.d/lab-rc; chmod +x /etc/init.d/lab-rc`)
    await converges('service', order({ state: 'started', enabled: true }))
    expect(await sh('rc-service lab-rc status; ls /etc/runlevels/default')).toMatch(/started[\s\S]*lab-rc/)
    const first = await sh('cat /run/lab-rc.pid')
    await play('service', order({ state: 'restarted', sleep: 1 }), true)
    expect(await sh('cat /run/lab-rc.pid')).not.toBe(first)
    await converges('service', order({ enabled: true, runlevel: 'boot' }))
    await converges('service', order({ state: 'stopped', enabled: false }))
    expect(await sh('ls /etc/runlevels/boot /etc/runlevels/default')).toMatch(/boot:\nlab-rc/)
  })

  test('one that is not there', async () => {
    expect(
      (await play('service', { name: 'lab-no', use: 'openrc', state: 'stopped', enabled: false }, true))
        .change,
    ).toBeUndefined()
    const { change } = await play('service', { name: 'lab-no', use: 'openrc', state: 'started' }, false)
    expect(change?.requires).toEqual(['file:/etc/init.d/lab-no'])
    await expect(play('service', { name: 'lab-no', use: 'openrc', state: 'started' }, true)).rejects.toThrow(
      'could not start lab-no',
    )
  })

  test('one that does not start', async () => {
    await sh(
      "printf '#!/sbin/openrc-run\\nstart() { echo because; return 1; }\\n' >/etc/init.d/lab-bad; chmod +x /etc/init.d/lab-bad",
    )
    await expect(play('service', { name: 'lab-bad', use: 'openrc', state: 'started' }, true)).rejects.toThrow(
      'because',
    )
  })
})

test('a host with neither', async () => {
  await expect(play('service', { name: 'x', state: 'started' }, false, box)).rejects.toThrow(
    'neither systemd nor OpenRC',
  )
})
