import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openLab, stateOf } from './lab.js'
import { isTaken } from './lock.js'
import { currentMounts } from './mounts.js'
import { ourLabDir } from './ours.js'
import { labNames } from './paths.js'
import { processesOf } from './process.js'
import { run, sleep } from './run.js'

const CLI = fileURLToPath(new URL('./cli.ts', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'tsplay-lab-'))
const { bridge } = labNames(dir)
const env = { ...process.env, TSPLAY_LAB_DIR: dir }
const machines = ['s1', 'a1', 'b1'].map((short) => `${bridge}-${short}`)
const up = () =>
  spawn(process.execPath, ['--import', 'tsx', CLI, 'up', '--nodes', '2', '--busybox', '1'], {
    env,
    stdio: 'ignore',
  })
const down = () => run('env', [`TSPLAY_LAB_DIR=${dir}`, process.execPath, '--import', 'tsx', CLI, 'down'])

/** Everything on the machine that bears the lab's name. */
const traces = (): string[] => [
  ...machines.flatMap(processesOf).map((pid) => `process ${pid}`),
  ...currentMounts(dir).map((point) => `mount ${point}`),
  ...[bridge, ...machines.map((machine) => `vb-${machine}`)].filter((link) =>
    existsSync(`/sys/class/net/${link}`),
  ),
  ...['filter', 'nat'].flatMap((table) =>
    execFileSync('iptables', ['-w', '-t', table, '-S'], { encoding: 'utf8' })
      .split('\n')
      .filter((rule) => rule.includes(bridge)),
  ),
  ...machines.filter((machine) => existsSync(`/sys/fs/cgroup/systemd/tsplay-lab/${machine}`)),
  ...machines.map((machine) => `/run/systemd/nspawn/propagate/${machine}`).filter(existsSync),
  ...['hosts', 'state.json', 'inventory.yaml', 'known_hosts'].filter((name) => existsSync(join(dir, name))),
  ...(isTaken(join(dir, 'lock')) ? ['lock'] : []),
]

afterAll(async () => {
  await down()
  rmSync(dir, { recursive: true })
})

describe('a second lab beside the first', () => {
  // Delays from before the first thing is made to after the last.
  it.each([300, 450, 600, 750, 900, 1100, 1400, 1800])(
    'killed %i ms into `up`, is taken down without a trace',
    async (ms) => {
      const child = up()
      await Promise.race([sleep(ms), once(child, 'exit')])
      child.kill('SIGKILL')
      const { code, stderr } = await down()
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(traces()).toEqual([])
    },
  )

  it('is taken down where nothing but the lock of a killed `up` was made', async () => {
    symlinkSync(JSON.stringify({ pid: 1, start: '0', boot: 'of another boot' }), join(dir, 'lock'))
    expect((await down()).code).toBe(0)
    expect(traces()).toEqual([])
  })

  it('is finished by another `up` after it was killed', async () => {
    const child = up()
    await sleep(900)
    child.kill('SIGKILL')
    await once(up(), 'exit')
    const lab = openLab(dir)
    for (const { name } of lab.hosts) expect((await lab.exec(name, 'echo up')).stdout).toBe('up\n')
    expect(lab.hosts).toHaveLength(3)
    expect(traces()).not.toEqual([])
  })

  it('has a subnet of its own, and leaves the first as it was when it goes', async () => {
    const first = stateOf(ourLabDir())
    expect(stateOf(dir).subnet).not.toBe(first.subnet)
    expect((await down()).code).toBe(0)
    expect((await down()).stderr).toContain('nothing to take down')
    expect(traces()).toEqual([])
    expect(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim()).toBe('1')
    expect((await openLab(ourLabDir()).exec('server-1', 'echo here')).stdout).toBe('here\n')
    expect(stateOf(ourLabDir())).toEqual(first)
  })
})
