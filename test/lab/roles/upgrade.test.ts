import { spawn } from 'node:child_process'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type K3sHosts, k3sHosts } from '../k3s/hosts.js'
import { type Lab, openLab } from '../lab.js'
import { type EtcdWatch, watchEtcd } from '../life/etcd.js'
import { ourLabDir } from '../ours.js'
import { program } from '../program.js'
import { watchDisks } from './disks.js'
import { changes, failures, type Played, play, readInventory, root, writeInventory } from './play.js'

const [from, to, beyond] = ['v1.33.6+k3s1', 'v1.34.2+k3s1', 'v1.35.0+k3s1'] as const
const nodes = ['server-1', 'server-2', 'server-3', 'agent-1', 'agent-2']
const none = Object.fromEntries(nodes.map((name) => [name, 0]))
const faultFile = '/etc/tsplay-lab/k3s-faults.json'
let lab: Lab
let k3s: K3sHosts
let etcd: EtcdWatch

/** An inventory that asks for a release, with variables and variables of hosts over the lab's. */
const wanting = (
  version: string,
  vars: Record<string, unknown> = {},
  hosts: Record<string, Record<string, unknown>> = {},
): string => {
  const inventory = readInventory(lab)
  const { children } = inventory.k3s_cluster
  Object.assign(inventory.k3s_cluster.vars, {
    k3s_version: version,
    airgap_dir: join(lab.dir, 'k3s', version),
    ...vars,
  })
  for (const { hosts: known } of [children.server, children.agent])
    for (const name of Object.keys(known)) Object.assign(known[name]!, hosts[name])
  return writeInventory(lab, 'upgrade', inventory)
}
const freshHosts = () => Promise.all(nodes.map((name) => lab.fresh(name)))
const kubectl = (argv: string): Promise<string> => k3s.kubectl('server-1', argv)
/** What every node runs, by the API. */
const versions = async (): Promise<Record<string, string>> => {
  const lines = (await kubectl('get nodes --no-headers')).trim().split('\n')
  return Object.fromEntries(
    lines.map((line) => {
      const [name = '', status, , , version] = line.split(/\s+/)
      return [name, status === 'Ready' ? `${version}` : `${status} ${version}`]
    }),
  )
}
const all = (version: string) => Object.fromEntries(nodes.map((name) => [name, version]))
/** The hosts of each batch of agents, in order. */
const batches = ({ events }: Played) =>
  events.flatMap((event) =>
    event.type === 'batch_started' && event.hosts[0]?.startsWith('agent') ? [event.hosts] : [],
  )
/** When each k3s was started. */
const started = async (): Promise<string> => {
  const answers = await Promise.all(
    nodes.map((name) => lab.exec(name, 'systemctl show -P ActiveEnterTimestampMonotonic k3s k3s-agent')),
  )
  return answers.map(({ stdout }) => stdout.trim()).join()
}
/** One pod of server-1 that may not go. */
const guarded = `apiVersion: apps/v1
kind: Deployment
metadata: { name: guarded, namespace: precious }
spec:
  replicas: 1
  selector: { matchLabels: { app: guarded } }
  template:
    metadata: { labels: { app: guarded } }
    spec: { nodeSelector: { kubernetes.io/hostname: server-1 }, containers: [{ name: a, image: a }] }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: guarded, namespace: precious }
spec: { minAvailable: 1, selector: { matchLabels: { app: guarded } } }
`
const quick = { k3s_start_timeout: 60, k3s_ready_timeout: 60 }
/** The release cannot be started on a host, until the file is gone. */
const breakStart = (name: string, version: string): void => {
  const fault = { mode: 'fail', message: 'illegal instruction', version }
  k3s.write(name, faultFile, JSON.stringify({ faults: { upgrade: fault } }))
}

// A quiet machine takes a tenth of it.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 600_000 })

beforeAll(async () => {
  lab = openLab(ourLabDir())
  k3s = k3sHosts(lab)
  etcd = watchEtcd(lab, nodes.slice(0, 3))
  await freshHosts()
  const made = await play(wanting(from), 'cluster')
  expect(failures(made)).toBe('')
  await etcd.holds('made')
})

afterAll(freshHosts)

describe('before any host is touched', () => {
  const refused = async (inventory: string): Promise<string> => {
    const before = await started()
    const touched = await watchDisks(lab, nodes)
    const ran = await play(inventory, 'cluster')
    expect(await touched()).toEqual([])
    expect([ran.code, changes(ran)]).toEqual([2, none])
    expect(await started()).toBe(before)
    return failures(ran)
  }

  it('says everything that cannot work', async () => {
    const said = await refused(
      wanting(
        from,
        { token: 'mistyped', server_config_yaml: 'cluster-cidr: 10.99.0.0/16' },
        {
          'server-1': { k3s_version: beyond },
          'server-3': { k3s_network_policy: false, k3s_version: 'v1.33.5+k3s1' },
          'agent-1': { k3s_version: to },
        },
      ),
    )
    for (const words of [
      'server-1 runs v1.33.6+k3s1 and would skip a minor on its way to v1.35.0+k3s1: go to v1.34 first',
      'server-2 with v1.33.6+k3s1 beside server-1 with v1.35.0+k3s1: the servers of a cluster may be one minor apart',
      'agent-1 would run v1.34.2+k3s1, newer than v1.33.6+k3s1 of the server server-2: upgrade the servers first',
      'server-3 runs v1.33.6+k3s1 and would go back to v1.33.5+k3s1: k3s cannot go back',
      'server-3 and server-1 are told different values of disable-network-policy',
      'cluster-cidr of the cluster is 10.42.0.0/16 and cannot become 10.99.0.0/16',
      'the token of the inventory is not that of the cluster',
    ])
      expect(said).toContain(words)
    expect(said).not.toContain('mistyped')
  })

  it('takes no file that is not the release’s', async () => {
    const altered = join(lab.dir, 'altered')
    cpSync(join(lab.dir, 'k3s', to), altered, { recursive: true })
    writeFileSync(join(altered, 'k3s'), '#!/bin/sh\necho evil\n')
    const one = () => play(wanting(to, { airgap_dir: altered }), 'upgrade', '--limit', 'server-1')
    const listed = await one()
    expect(changes(listed)).toEqual({ 'server-1': 0 })
    expect(failures(listed)).toMatch(/not what the list of checksums says: .*altered\/k3s/)
    rmSync(join(altered, 'sha256sum-amd64.txt'))
    const unlisted = await one()
    rmSync(altered, { recursive: true })
    expect(failures(unlisted)).toContain('it calls itself evil , not k3s v1.34.2+k3s1')
    expect((await lab.exec('server-1', 'ls /usr/local/bin')).stdout).not.toContain(to)
    expect(await versions()).toEqual(all(from))
    await etcd.holds('checksum-wrong')
  })
})

describe('an upgrade that meets an obstacle', () => {
  it('leaves a node as it was when its pods may not go', async () => {
    k3s.write('server-1', '/root/guarded.yaml', guarded)
    await kubectl('apply -f /root/guarded.yaml')
    await expect.poll(() => kubectl('get pods -n precious'), { timeout: 20_000 }).toContain('Running')
    const stopped = await play(wanting(to, { k3s_drain: { timeout: 3 } }), 'upgrade')
    expect(failures(stopped)).toMatch(/could not drain node server-1[\s\S]*disruption budget/)
    expect(stopped.code).toBe(2)
    expect(await versions()).toEqual(all(from))
    await etcd.holds('pods-may-not-go')
    await kubectl('delete -f /root/guarded.yaml')
  })

  it('keeps the old release where the disk is full', async () => {
    // It may have been brought there already.
    await k3s.sh('agent-2', `rm -f /usr/local/bin/k3s-${to}`)
    const full = 'size=$(du -sk /usr/local/bin | cut -f1); mkdir /tmp/old; cp -a /usr/local/bin/. /tmp/old'
    const mount =
      'mount -t tmpfs -o size=$((size + 40))k tmpfs /usr/local/bin; cp -a /tmp/old/. /usr/local/bin'
    await k3s.sh('agent-2', `${full}; ${mount}`)
    const stopped = await play(wanting(to), 'upgrade')
    expect((await k3s.sh('agent-2', 'umount /usr/local/bin; systemctl is-active k3s-agent')).text).toBe(
      'active\n',
    )
    expect(failures(stopped)).toMatch(/agent-2: .*No space left on device/)
    expect(await versions()).toEqual(all(from))
    await etcd.holds('disk-full')
  })

  it('stops at a server that does not come up, with quorum and data', async () => {
    breakStart('server-2', to)
    const stopped = await play(wanting(to, quick), 'upgrade')
    expect(stopped.code).toBe(2)
    expect(failures(stopped)).toMatch(
      /say why on server-2: could not restart k3s\.service[\s\S]*last errors of k3s:[\s\S]*illegal instruction[\s\S]*nothing else was touched; once it is repaired, the same command goes on from here/,
    )
    const { 'server-2': broken, ...others } = await versions()
    expect(others).toEqual({
      ...others,
      'server-1': to,
      'server-3': from,
      'agent-1': from,
      'agent-2': from,
    })
    expect(broken).not.toBe(to)
    await etcd.holds('server-down')
    expect(await kubectl('get nodes')).not.toContain('SchedulingDisabled')
  })

  it('gives a node its old release back, if that is wished, also in a later run', async () => {
    const stopped = await play(wanting(to, { ...quick, k3s_upgrade_rollback: true }), 'upgrade')
    expect(stopped.code).toBe(2)
    expect(failures(stopped)).toContain(`k3s ${from} runs again`)
    expect(await versions()).toMatchObject({ 'server-1': to, 'server-2': from, 'server-3': from })
  })

  it('goes on where it ended, and gives an agent its old release back at once', async () => {
    await lab.exec('server-2', `sudo rm ${faultFile}`)
    breakStart('agent-1', to)
    const back = { ...quick, k3s_upgrade_rollback: true, k3s_agents_at_once: 1 }
    const stopped = await play(wanting(to, back), 'upgrade')
    expect(failures(stopped)).toContain(`k3s ${from} runs again`)
    expect(batches(stopped)).toEqual([['agent-1']])
    expect(await versions()).toEqual({ ...all(to), 'agent-1': from, 'agent-2': from })
    await etcd.holds('rolled-back')
    expect(await kubectl('get nodes')).not.toContain('SchedulingDisabled')
  })

  it('comes to its end, and keeps what a way back needs', async () => {
    await lab.exec('agent-1', `sudo rm ${faultFile}`)
    // Both would be allowed at once, but for their zones.
    const zones = { 'agent-1': { k3s_zone: 'b' }, 'agent-2': { k3s_zone: 'a' } }
    const done = await play(wanting(to, { k3s_agents_at_once: 2 }, zones), 'upgrade')
    expect(failures(done)).toBe('')
    expect(batches(done)).toEqual([['agent-2'], ['agent-1']])
    expect(await versions()).toEqual(all(to))
    await etcd.holds('upgraded')
    const kept = await k3s.sh(
      'server-1',
      `ls /var/lib/rancher/k3s/server/db/snapshots; stat -c %a /var/lib/rancher/k3s/server/tsplay/token-${from}; ls /usr/local/bin`,
    )
    expect(kept.text).toMatch(/^before-v1.34.2-k3s1[\s\S]*\n600\n/)
    expect(kept.text).toContain(`k3s-${from}`)
  })
})

describe('an upgrade that is interrupted', () => {
  /** Sends a signal once the run has come to a task; resolves with its exit code. */
  const interrupted = (inventory: string, task: string, signal: NodeJS.Signals): Promise<number | null> =>
    new Promise((resolve) => {
      const words = [program, '-i', inventory, 'playbooks/upgrade.yaml']
      const child = spawn(process.execPath, [...words, '--output', 'jsonl'], { cwd: root })
      let said = ''
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk
        // Once: a second Ctrl-C would kill what runs.
        if (said.includes(task) && !child.killed) child.kill(signal)
      })
      child.on('close', (code) => resolve(code))
    })

  it('by Ctrl-C gives the node back that it has emptied', async () => {
    const code = await interrupted(wanting(beyond), 'move the pods of server-1 away', 'SIGINT')
    expect(code).toBe(130)
    await etcd.holds('interrupted')
    expect(await kubectl('get nodes')).not.toContain('SchedulingDisabled')
  })

  it('by a cut in the middle of a restart is taken up by the next run', async () => {
    await interrupted(wanting(beyond), '"start k3s"', 'SIGKILL')
    // The next one is cut, too, when all agents are being restarted.
    const hasty = wanting(beyond, { k3s_agents_at_once: '100%', k3s_upgrade_drain: 'never' })
    await interrupted(hasty, '"start k3s-agent"', 'SIGKILL')
    await etcd.holds('cut')
    const left = await versions()
    // The first is given back when all have had their turn.
    for (const name of ['server-1', 'server-2', 'server-3'])
      expect(left[name]).toMatch(new RegExp(`${beyond.replace(/[.+]/g, '\\$&')}$`))
    const done = await play(hasty, 'upgrade')
    expect(failures(done)).toBe('')
    expect(await versions()).toEqual(all(beyond))
    const releases = (name: string) => lab.exec(name, 'ls /usr/local/bin')
    for (const name of ['server-1', 'agent-1'])
      expect((await releases(name)).stdout.match(/k3s-v.*/g)).toEqual([`k3s-${to}`, `k3s-${beyond}`])
    expect(await kubectl('get nodes --show-labels')).not.toMatch(/SchedulingDisabled|tsplay.dev\/cordoned/)
    expect(changes(await play(wanting(beyond), 'cluster'))).toEqual(none)
  })
})
