import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { program } from '../program.js'
import { sleep, waitFor } from '../run.js'
import { watchDisks } from './disks.js'
import { changes, failures, type Played, play } from './play.js'

const nodes = ['server-1', 'server-2', 'server-3', 'agent-1', 'agent-2']
let lab: Lab

const kubectl = async (words: string, on = 'server-2'): Promise<string> =>
  (await lab.exec(on, `sudo k3s kubectl ${words}`)).stdout.trim()
const cluster = async (on = 'server-2'): Promise<string[]> =>
  (await kubectl('get nodes --no-headers', on))
    .split('\n')
    .map((line) => line.split(/\s+/).slice(0, 2).join(' '))
const becomes = async (line: string): Promise<void> => {
  expect(await waitFor(async () => (await cluster()).includes(line), 30_000, 300), line).toBe(true)
}
const remove = (node: string, ...args: string[]) =>
  play(lab.inventoryPath, 'remove-node', '-e', `node=${node}`, ...args)
/** What went wrong; a server that could not be asked is no failure. */
const wrong = (run: Played): string => (run.code === 0 ? '' : failures(run))
const started = async (name: string): Promise<string> =>
  (await lab.exec(name, 'systemctl show -P ActiveEnterTimestampMonotonic k3s k3s-agent | tr "\\n" " "'))
    .stdout

const addressOf = (name: string): string => lab.hosts.find((host) => host.name === name)!.address
/** Whom the firewall of a host lets in, of all nodes. */
const letIn = async (name: string): Promise<string[]> => {
  const { stdout } = await lab.exec(name, 'sudo ufw status')
  const sources = new Set(stdout.split(/\s+/))
  return nodes.filter((node) => sources.has(addressOf(node)))
}

/** A pod on agent-2 whose budget lets nobody move it. */
const pinned = `apiVersion: apps/v1
kind: Deployment
metadata: { name: pinned }
spec:
  replicas: 1
  selector: { matchLabels: { app: pinned } }
  template:
    metadata: { labels: { app: pinned } }
    spec: { nodeSelector: { kubernetes.io/hostname: agent-2 }, containers: [{ name: web, image: "nginx:1" }] }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: pinned }
spec: { minAvailable: 1, selector: { matchLabels: { app: pinned } } }
`

/** Starts the removal of agent-2, waits until its node is cordoned, and interrupts as often as asked. */
const interrupted = async (): Promise<number | null> => {
  const words = [
    '-i',
    lab.inventoryPath,
    'playbooks/remove-node.yaml',
    '-e',
    'node=agent-2',
    '--output',
    'plain',
  ]
  const child = spawn(process.execPath, [program, ...words], {
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    stdio: 'ignore',
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  await becomes('agent-2 Ready,SchedulingDisabled')
  child.kill('SIGINT')
  await sleep(500) // two signals at once are one
  child.kill('SIGINT')
  return ended
}

beforeAll(async () => {
  lab = openLab(ourLabDir())
  await Promise.all(nodes.map((name) => lab.fresh(name)))
  const knobs = '{"knobs":{"nodeGraceMs":3000}}'
  await Promise.all(
    nodes.map((name) =>
      lab.exec(
        name,
        `sudo sh -c 'mkdir -p /etc/tsplay-lab; echo ${JSON.stringify(knobs)} >/etc/tsplay-lab/k3s-faults.json'`,
      ),
    ),
  )
  await Promise.all(nodes.map((name) => lab.exec(name, 'sudo sh -c "ufw allow 22/tcp; ufw --force enable"')))
  expect(failures(await play(lab.inventoryPath, 'cluster'))).toBe('')
  await lab.exec('server-1', `sudo k3s kubectl apply -f - <<'EOF'\n${pinned}\nEOF`)
})

afterAll(() => Promise.all(nodes.map((name) => lab.fresh(name))))

describe('the removal of an agent', () => {
  it('is refused for a node that nobody knows, which are named', async () => {
    const refused = await remove('agent-9')
    expect([refused.code, changes(refused)]).toEqual([2, Object.fromEntries(nodes.map((name) => [name, 0]))])
    expect(failures(refused)).toMatch(
      /called agent-9; the nodes are agent-1, agent-2, server-1.*Nothing was changed/,
    )
  })

  it('is given up where a budget keeps a pod, and the node works as before', async () => {
    expect(await waitFor(async () => (await kubectl('get pods')).includes('Running'), 20_000, 300)).toBe(true)
    const kept = await remove('agent-2', '-e', 'k3s_drain_timeout=2')
    expect(kept.code).toBe(2)
    expect(failures(kept)).toMatch(/works as before: agent-2 it could not be drained/)
    expect(await cluster()).toContain('agent-2 Ready')
    expect(await lab.exec('agent-2', 'systemctl is-active k3s-agent')).toMatchObject({ code: 0 })
  })

  it('gives the node its pods back when it is killed in the middle', async () => {
    expect(await interrupted()).toBe(130)
    await becomes('agent-2 Ready')
  })

  it('is completed by a second run where the host lost its power in the first', async () => {
    const first = remove('agent-2', '-e', 'k3s_drain_timeout=6')
    await becomes('agent-2 Ready,SchedulingDisabled')
    await lab.cut('agent-2')
    await first
    const second = await remove('agent-2')
    expect(wrong(second)).toBe('')
    expect(second.output).toContain('agent-2 could not be cleaned')
    expect(await cluster()).toEqual(['agent-1 Ready', 'server-1 Ready', 'server-2 Ready', 'server-3 Ready'])
    expect(await kubectl('get secrets -n kube-system')).not.toContain('agent-2.node-password')
    expect(await letIn('agent-1')).toEqual(['server-1', 'server-2', 'server-3'])
  })
})

describe('the removal of a server', () => {
  it('is refused where those that stay would be no majority, with the numbers', async () => {
    await lab.cut('server-3')
    await becomes('server-3 NotReady')
    const written = await watchDisks(lab, ['server-1', 'server-2', 'agent-1'])
    const refused = await remove('server-2', '-e', 'force=true')
    expect(refused.code).toBe(2)
    expect(failures(refused)).toMatch(/1 of 2 members well, and 2 need 2; not well: server-3/)
    expect([Math.max(...Object.values(changes(refused))), await written()]).toEqual([0, []])
    expect(await lab.exec('server-2', 'systemctl is-active k3s')).toMatchObject({ code: 0 })
  })

  it('needs no way to its host where that is dead', async () => {
    const removed = await remove('server-3')
    expect(wrong(removed)).toBe('')
    expect(await cluster()).toEqual(['agent-1 Ready', 'server-1 Ready', 'server-2 Ready'])
  })

  it('that was the first leaves a cluster that goes on, and nobody restarts', async () => {
    const before = [await started('server-2'), await started('agent-1')]
    const removed = await remove('server-1')
    expect(wrong(removed)).toBe('')
    expect(await cluster()).toEqual(['agent-1 Ready', 'server-2 Ready'])
    expect((await lab.exec('server-1', 'ls /etc/rancher /usr/local/bin/k3s')).code).not.toBe(0)
    const config = (await lab.exec('agent-1', 'sudo cat /etc/rancher/k3s/config.yaml')).stdout
    expect(config).toContain(`server: https://${addressOf('server-2')}:6443`)
    expect([await letIn('server-2'), await letIn('agent-1')]).toEqual([['agent-1'], ['server-2']])
    expect([await started('server-2'), await started('agent-1')]).toEqual(before)
  })

  it('is repeated without a change', async () => {
    const again = await remove('server-1')
    expect(wrong(again)).toBe('')
    expect(Math.max(...Object.values(changes(again)))).toBe(0)
  })

  it('is refused where it is the last', async () => {
    const written = await watchDisks(lab, ['server-1', 'server-2', 'agent-1'])
    const refused = await remove('server-2')
    expect(refused.code).toBe(2)
    expect(failures(refused)).toMatch(/last server.*reset\.yaml/)
    expect([Math.max(...Object.values(changes(refused))), await written()]).toEqual([0, []])
    expect(await cluster()).toEqual(['agent-1 Ready', 'server-2 Ready'])
  })

  it('that was the first is undone: it joins the others and makes no second cluster', async () => {
    const joined = await play(lab.inventoryPath, 'scale', '--limit', 'server-1,server-2,agent-1')
    expect(wrong(joined)).toBe('')
    expect(await cluster('server-1')).toEqual(['agent-1 Ready', 'server-1 Ready', 'server-2 Ready'])
    expect(await cluster('server-2')).toEqual(await cluster('server-1'))
  })
})
