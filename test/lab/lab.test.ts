import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Lab, labDown, labUp, openLab, stateOf } from './lab.js'
import { ourLabDir } from './ours.js'
import { labNames } from './paths.js'
import { waitFor } from './run.js'

const lab: Lab = openLab(ourLabDir())
const SYSTEMD = ['server-1', 'server-2', 'server-3', 'agent-1', 'agent-2']
const bootIdOf = async (name: string): Promise<string> =>
  (await lab.exec(name, 'cat /proc/sys/kernel/random/boot_id')).stdout.trim()
const everywhere = (command: string): Promise<string[]> =>
  Promise.all(SYSTEMD.map(async (name) => (await lab.exec(name, command)).stdout.trim()))

describe('a lab that is up', () => {
  it('stays as it is when brought up again', async () => {
    const before = stateOf(lab.dir)
    await labUp({ nodes: 5, busybox: 1 })
    expect(stateOf(lab.dir)).toEqual(before)
  })

  it('holds its key, its inventory and its state from other users', () => {
    for (const file of ['id_ed25519', 'inventory.yaml', 'state.json']) {
      const mode = execFileSync('stat', ['-c', '%a', join(lab.dir, file)], { encoding: 'utf8' })
      expect(`${file} ${mode.trim()}`).toBe(`${file} 600`)
    }
  })
})

describe('a systemd host', () => {
  it('runs systemd, lets debian become root without a password, and shows the controller its files', async () => {
    const { stdout } = await lab.exec(
      'server-1',
      'hostname; sudo -n id -u; systemctl is-active dbus; sudo touch /etc/seen',
    )
    expect(stdout).toBe('server-1\n0\nactive\n')
    expect(existsSync(join(lab.hosts[0]?.root ?? '', 'etc/seen'))).toBe(true)
  })

  it("is itself: machine id, host key and control groups are not another host's", async () => {
    for (const command of ['cat /etc/machine-id', 'cat /etc/ssh/ssh_host_ed25519_key.pub']) {
      expect(new Set(await everywhere(command)).size).toBe(SYSTEMD.length)
    }
    const { stdout } = await lab.exec(
      'server-1',
      'sudo systemctl restart cron ssh 2>/dev/null; systemctl is-active ssh',
    )
    expect(stdout).toBe('active\n')
    expect(await everywhere('systemctl is-active ssh')).toEqual(SYSTEMD.map(() => 'active'))
  })

  it("runs the controller's Node.js", async () => {
    expect((await lab.exec('agent-1', '/opt/tsplay-lab/node -v')).stdout.trim()).toBe(process.version)
  })

  it('cannot move the clock of the machine', async () => {
    expect((await lab.exec('agent-1', 'sudo date -s 2001-01-01')).code).not.toBe(0)
  })

  it('refuses passwords', async () => {
    const { stdout } = await lab.exec(
      'server-1',
      'sudo sshd -T | grep -i -E "^(password|kbdinteractive)authentication"',
    )
    expect(stdout.toLowerCase()).toBe('passwordauthentication no\nkbdinteractiveauthentication no\n')
  })

  it('installs Debian packages', async () => {
    const install =
      'sudo apt-get update -qq && sudo apt-get install -y -qq --no-install-recommends tree && tree --version'
    const { code, stdout, stderr } = await lab.exec('agent-1', install)
    expect(stderr + stdout).toContain('tree v')
    expect(code).toBe(0)
  })

  it('has a firewall of its own', async () => {
    const enable = 'sudo ufw allow 22/tcp && sudo ufw --force enable && sudo ufw status'
    expect((await lab.exec('agent-2', enable)).stdout).toMatch(/Status: active[\s\S]*22\/tcp\s+ALLOW/)
    expect((await lab.exec('agent-2', 'echo still here')).stdout).toBe('still here\n')
    expect((await lab.exec('agent-1', 'sudo ufw status')).stdout).toBe('Status: inactive\n')
    await lab.exec('agent-2', 'sudo ufw disable')
  })
})

describe('the life of a host', () => {
  it('reboots by itself, with another boot id and the same files', async () => {
    const before = await bootIdOf('agent-1')
    await lab.exec('agent-1', 'touch ~/kept; sudo systemctl reboot')
    const rebooted = async (): Promise<boolean> => ![before, ''].includes(await bootIdOf('agent-1'))
    expect(await waitFor(rebooted, 30_000, 200)).toBe(true)
    expect((await lab.exec('agent-1', 'ls ~')).stdout).toBe('kept\n')
  })

  it('stays down after poweroff, until it is booted', async () => {
    await lab.exec('agent-1', 'sudo systemctl poweroff')
    const isDown = (): boolean => {
      const supervisor = stateOf(lab.dir).hosts.find(({ name }) => name === 'agent-1')?.supervisor
      return !existsSync(`/proc/${supervisor?.pid}`)
    }
    expect(await waitFor(isDown, 30_000, 200)).toBe(true)
    await lab.boot('agent-1')
    expect((await lab.exec('agent-1', 'echo up')).stdout).toBe('up\n')
  })

  it('is cut off at once, and booted again with what was on its disk', async () => {
    await lab.exec('agent-2', 'echo written >~/disk; sync')
    await lab.cut('agent-2')
    expect((await lab.exec('agent-2', 'true')).code).toBe(255)
    await lab.boot('agent-2')
    expect((await lab.exec('agent-2', 'cat ~/disk')).stdout).toBe('written\n')
  })

  it('is as new after fresh, under the same ssh host key', async () => {
    await lab.exec('agent-2', 'sudo touch /etc/leftover')
    const before = await lab.exec('agent-2', 'cat /etc/machine-id')
    await lab.fresh('agent-2')
    const after = await lab.exec('agent-2', 'cat /etc/machine-id; ls /etc/leftover')
    expect(after.code).toBe(2)
    expect(after.stdout).not.toBe(before.stdout)
  })

  it('is reported by name when there is no such host', () => {
    expect(() => lab.exec('server-9', 'true')).toThrow(/no host server-9 in the lab: it has server-1, /)
  })
})

describe('a busybox host', () => {
  it('has a POSIX shell and nothing beside it', async () => {
    const missing =
      'for tool in bash python3 perl sudo apt-get systemctl; do command -v $tool; done; readlink -f /bin/sh; readlink -f /bin/ls'
    expect((await lab.exec('box-1', missing)).stdout).toBe('/usr/bin/busybox\n/usr/bin/busybox\n')
  })

  it('sees its own processes and address alone, and reboots', async () => {
    const { stdout } = await lab.exec(
      'box-1',
      'id -u; hostname; tr "\\0" " " </proc/1/cmdline; ip -o -4 address show host0',
    )
    expect(stdout).toMatch(/^0\nbox-1\n(\/sbin\/)?init .*10\.213\.\d+\.201\/24/s)
    await lab.exec('box-1', 'touch /tmp/memory; reboot')
    const rebooted = async (): Promise<boolean> =>
      (await lab.exec('box-1', 'test ! -e /tmp/memory')).code === 0
    expect(await waitFor(rebooted, 20_000, 200)).toBe(true)
  })
})

describe('what another made', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tsplay-lab-'))
  const { bridge } = labNames(dir)

  afterEach(() => {
    vi.unstubAllEnvs()
    execFileSync('sh', ['-c', 'ip link delete "$1" 2>/dev/null || true', 'sh', bridge])
    rmSync(dir, { recursive: true })
  })

  it('is refused and not touched', async () => {
    vi.stubEnv('TSPLAY_LAB_DIR', dir)
    execFileSync('ip', ['link', 'add', 'name', bridge, 'type', 'bridge'])
    const address = readFileSync(`/sys/class/net/${bridge}/address`, 'utf8')
    await expect(labUp({ nodes: 1 })).rejects.toThrow(`bridge ${bridge} was not made by the lab`)
    await expect(labDown()).rejects.toThrow(`bridge ${bridge} was not made by the lab`)
    writeFileSync(
      join(dir, 'state.json'),
      JSON.stringify({ ...stateOf(lab.dir), bridge, mac: '02:00:00:00:00:01', hosts: [] }),
    )
    await expect(labDown()).rejects.toThrow('its address is not the one recorded')
    expect(readFileSync(`/sys/class/net/${bridge}/address`, 'utf8')).toBe(address)
  })
})
