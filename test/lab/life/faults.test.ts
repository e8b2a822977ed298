import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { RunEvent, TaskInfo } from '../../../runner/events.js'
import { type K3sHosts, k3sHosts } from '../k3s/hosts.js'
import { hostOf, type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { processesOf } from '../process.js'
import {
  changes,
  failures,
  type Played,
  play,
  playWatched,
  readInventory,
  writeInventory,
} from '../roles/play.js'
import { sleep } from '../run.js'
import { type EtcdWatch, watchEtcd } from './etcd.js'

// A cut ends many a run: a test is as many runs as it takes to come through all tasks.
vi.setConfig({ testTimeout: 900_000 })

const [from, to, beyond] = ['v1.33.6+k3s1', 'v1.34.2+k3s1', 'v1.35.0+k3s1'] as const
const servers = ['server-1', 'server-2', 'server-3']
const hosts = [...servers, 'agent-1']
const none = Object.fromEntries(hosts.map((name) => [name, 0]))
const faultFile = '/etc/tsplay-lab/k3s-faults.json'
/** How long a run waits for a k3s that does not come: long for the stand-in, short for a test. */
const quick = { k3s_start_timeout: 25, k3s_ready_timeout: 15 }
const knobs = { nodeGraceMs: 3000, heartbeatMs: 500, manifestsMs: 300 }
let lab: Lab
let k3s: K3sHosts
let etcd: EtcdWatch

/** Three servers with etcd and one agent, which are to run a release. */
const wanting = (version: string): string => {
  const data = readInventory(lab)
  const { agent } = data.k3s_cluster.children
  agent.hosts = { 'agent-1': agent.hosts['agent-1']! }
  Object.assign(data.k3s_cluster.vars, {
    ...quick,
    k3s_version: version,
    airgap_dir: join(lab.dir, 'k3s', version),
  })
  return writeInventory(lab, 'faults', data)
}
/** Puts a fault on a host, or takes it away. */
const fault = (name: string, faults: Record<string, unknown> = {}): void =>
  k3s.write(name, faultFile, JSON.stringify({ faults, knobs }))
const fresh = async (): Promise<void> => {
  for (const { name, root } of lab.hosts.filter((host) => hosts.includes(host.name))) {
    if (existsSync(join(root, 'etc/rancher'))) await lab.fresh(name)
    fault(name)
  }
}
/** What every node runs, by the API; what is not well stands before it. */
const nodes = async (): Promise<Record<string, string>> => {
  const lines = (await k3s.kubectl('server-1', 'get nodes --no-headers')).trim().split('\n')
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', status, , , version] = line.split(/\s+/)
      return [name, status === 'Ready' ? `${version}` : `${status} ${version}`]
    }),
  )
}
const every = (version: string) => Object.fromEntries(hosts.map((name) => [name, version]))

/** Ends the processes of sshd that hold a host's connections, at once and without a word, as a failing network does. */
const cutConnections = (name: string): void => {
  for (const pid of processesOf(hostOf(lab.dir, name).machine)) {
    try {
      if (/^sshd: (?!\/)/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))) process.kill(pid, 'SIGKILL')
    } catch {
      // it ended meanwhile
    }
  }
}

/**
 * Runs a playbook until it has come through all of its tasks, with connections cut at each of them, once: in turn those of all
 * hosts, of delegates too, before a script is sent or a moment after, and that of one host alone. Every run must end by itself,
 * and the cluster must have its quorum and its data after each cut. The last one is not disturbed.
 */
const cutAtEveryTask = async (
  inventory: string,
  playbook: string,
): Promise<{ last: Played; cuts: number }> => {
  const cut = new Set<string>()
  for (let runs = 0; runs < 150; runs++) {
    const before = cut.size
    const checks: Promise<void>[] = []
    const cutAt = async (task: string, own: readonly string[]): Promise<void> => {
      const nth = cut.add(task).size
      const names = nth % 3 === 2 ? [own[nth % own.length]!] : hosts
      if (nth % 3 !== 0) await sleep(15)
      names.forEach(cutConnections)
      await etcd.holds(`${playbook}-${nth}`)
    }
    const onEvent = (event: RunEvent): void => {
      if (event.type !== 'task_started' || cut.has(placeOf(event.task))) return
      const check = cutAt(placeOf(event.task), event.hosts)
      check.catch(() => undefined) // it is awaited when the run has ended
      checks.push(check)
    }
    const ran = await playWatched(inventory, playbook, [], { onEvent })
    expect([0, 2, 4], failures(ran)).toContain(ran.code)
    await Promise.all(checks)
    if (cut.size === before) return { last: ran, cuts: before }
  }
  throw new Error(`${playbook}.yaml did not come to its end: ${cut.size} tasks`)
}
const placeOf = ({ at, name }: TaskInfo): string => `${at} ${name}`

/** No file that a writer was cut off from is left; a script that lost its connection may still be at its end. */
const noHalfFiles = async (): Promise<void> => {
  for (const name of hosts)
    await expect
      .poll(async () => (await k3s.sh(name, "find / -xdev -name '.tsplay.*' -not -path '/proc/*'")).text, {
        timeout: 20_000,
      })
      .toBe('')
}

beforeAll(async () => {
  lab = openLab(ourLabDir())
  k3s = k3sHosts(lab)
  etcd = watchEtcd(lab, servers)
  await fresh()
})
afterAll(fresh)

describe('a connection that is cut', () => {
  it('at any task of cluster.yaml costs a repetition, and nothing else', async () => {
    const inventory = wanting(from)
    const { last, cuts } = await cutAtEveryTask(inventory, 'cluster')
    expect(failures(last)).toBe('')
    expect(cuts).toBeGreaterThan(50)
    expect(await nodes()).toEqual(every(from))
    await noHalfFiles()
    expect(changes(await play(inventory, 'cluster'))).toEqual(none)
  })

  it('at any task of upgrade.yaml, too, and the data stays', async () => {
    const inventory = wanting(to)
    const { last, cuts } = await cutAtEveryTask(inventory, 'upgrade')
    expect(failures(last)).toBe('')
    expect(cuts).toBeGreaterThan(30)
    expect(await nodes()).toEqual(every(to))
    await etcd.holds('upgraded')
    await noHalfFiles()
    expect(changes(await play(inventory, 'upgrade'))).toEqual(none)
  })
})

describe('an upgrade', () => {
  it('ends at a server that comes up but is not well', async () => {
    fault('server-1', { 'node-ready': { mode: 'fail', message: 'the runtime is down', version: beyond } })
    const ran = await play(wanting(beyond), 'upgrade', '-e', 'k3s_ready_timeout=8')
    expect(await nodes()).toEqual({ ...every(to), 'server-1': `NotReady ${beyond}` })
    await etcd.holds('unhealthy')
    expect(ran.code).toBe(2)
    expect(failures(ran)).toMatch(/say why on server-1: .*waited/)
  })

  it('gives that server its old release back, if that is wished, in a later run', async () => {
    const ran = await play(
      wanting(beyond),
      'upgrade',
      '-e',
      'k3s_upgrade_rollback=true',
      '-e',
      'k3s_ready_timeout=8',
    )
    fault('server-1')
    expect(ran.code).toBe(2)
    expect(failures(ran)).toContain(`k3s ${to} runs again`)
    expect(await nodes()).toEqual(every(to))
    await etcd.holds('rolled-back')
  })

  it('that two interrupts kill goes on when it is run again', async () => {
    const [stop, abort] = [new AbortController(), new AbortController()]
    const killed = await playWatched(wanting(beyond), 'upgrade', [], {
      stop: stop.signal,
      abort: abort.signal,
      onEvent: (event) => {
        if (event.type !== 'task_started' || event.task.name !== 'start k3s-agent') return
        stop.abort()
        setTimeout(() => abort.abort(), 300)
      },
    })
    expect(killed.code, failures(killed)).toBe(130)
    await etcd.holds('killed')
    const done = await play(wanting(beyond), 'upgrade')
    expect(failures(done)).toBe('')
    expect(await nodes()).toEqual(every(beyond))
    await etcd.holds('taken-up')
    expect(changes(await play(wanting(beyond), 'cluster'))).toEqual(none)
  })
})

describe('a node that cannot join', () => {
  it('ends the run in time, says why, and joins when it can', async () => {
    const short = ['-e', 'k3s_start_timeout=12']
    for (const name of ['agent-1', 'server-3']) {
      const removed = await play(wanting(beyond), 'remove-node', '-e', `node=${name}`)
      expect(failures(removed)).toBe('')
      etcd.forget(name)
      fault(name, { join: { mode: 'stuck' } })
    }
    for (const [name, unit] of [
      ['server-3', 'k3s'],
      ['agent-1', 'k3s-agent'],
    ] as const) {
      const stuck = await play(wanting(beyond), 'scale', ...short)
      expect(stuck.code).toBe(2)
      expect(failures(stuck)).toMatch(
        new RegExp(
          `say why on ${name}: could not restart ${unit}.service in 12 s[\\s\\S]*last words of ${unit}:[\\s\\S]*join is stuck[\\s\\S]*` +
            'nothing else was touched; once it is repaired, the same command goes on from here',
        ),
      )
      expect(await nodes()).toEqual(
        Object.fromEntries(
          hosts
            .filter((host) => host !== 'agent-1' && (host !== 'server-3' || name !== host))
            .map((host) => [host, beyond]),
        ),
      )
      await etcd.holds(`stuck-${name}`)
      fault(name)
    }
    expect(failures(await play(wanting(beyond), 'scale'))).toBe('')
    expect(await nodes()).toEqual(every(beyond))
    await etcd.holds('joined')
  })
})

describe('what these tests watch for', () => {
  it('is seen: data that is lost, and a majority that is gone', async () => {
    await etcd.holds('before-the-loss')
    await k3s.kubectl('server-1', 'delete namespace precious')
    await expect(etcd.holds('lost', 1000)).rejects.toThrow('nothing: it is lost')
    await k3s.kubectl('server-1', 'create namespace precious')
    await k3s.kubectl('server-1', 'label namespace precious round=lost')
    await etcd.holds('found')
    await Promise.all(['server-2', 'server-3'].map((name) => k3s.sh(name, 'systemctl stop k3s')))
    await expect(etcd.holds('alone', 1000)).rejects.toThrow('no server answers')
  })
})
