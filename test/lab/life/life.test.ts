import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type K3sHosts, k3sHosts } from '../k3s/hosts.js'
import { type Lab, labDown, labUp, openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { changes, failures, type Played, play, readInventory, writeInventory } from '../roles/play.js'

// A step is several runs of playbooks, each of which `play` bounds.
vi.setConfig({ testTimeout: 400_000 })

const [from, to] = ['v1.33.6+k3s1', 'v1.34.2+k3s1'] as const
const servers = ['server-1', 'server-2', 'server-3']
const absent = 'k3s is not installed'
/** A dead node is noticed after three seconds, not forty; heartbeats and manifests come sooner. */
const knobs = { nodeGraceMs: 3000, heartbeatMs: 500, manifestsMs: 300 }

let lab: Lab
let k3s: K3sHosts
/** What the inventory says now: steps change it, as an operator would. */
const says = {
  servers: ['server-1'],
  workers: [] as string[],
  vars: { k3s_version: from as string, server_config_yaml: 'secrets-encryption: true\n' } as Record<
    string,
    unknown
  >,
}

/** The inventory, with the agents in a pool that is called workers. */
const inventory = (): string => {
  const data = readInventory(lab)
  const { server, agent } = data.k3s_cluster.children
  const some = (of: typeof server, names: string[]) =>
    Object.fromEntries(names.map((name) => [name, of.hosts[name]]))
  const workers = { hosts: some(agent, says.workers) }
  Object.assign(data.k3s_cluster.children, {
    server: { hosts: some(server, says.servers) },
    agent: { children: { workers } },
  })
  Object.assign(data.k3s_cluster.vars, says.vars, {
    airgap_dir: join(lab.dir, 'k3s', String(says.vars.k3s_version)),
  })
  return writeInventory(lab, 'life', data)
}

/** Runs a playbook that must end well. A host that is dead is unreachable, and no failure where the run goes on. */
const well = async (playbook: string, ...args: string[]): Promise<Played> => {
  const ran = await play(inventory(), playbook, ...args)
  expect(ran.code === 0 ? '' : failures(ran), `${playbook}.yaml ${args.join(' ')}`).toBe('')
  return ran
}
/** Runs a playbook that must find nothing to do on any host. */
const idle = async (playbook: string, ...args: string[]): Promise<void> => {
  const changed = Object.entries(changes(await well(playbook, ...args))).filter(([, count]) => count > 0)
  expect(changed, `${playbook}.yaml ${args.join(' ')} once more`).toEqual([])
}
/** A run that brings hosts to a state, and the same run again, which finds it. */
const brings = async (playbook: string, ...args: string[]): Promise<Played> => {
  const ran = await well(playbook, ...args)
  await idle(playbook, ...args)
  return ran
}

interface Status {
  etcd: { members: number; voting: number; quorum: number } | null
  hosts: {
    host: string
    version?: string | null
    ready?: boolean | null
    problems: string[]
    drift: string[]
  }[]
  nodes_not_in_inventory: string[]
  pods_not_running: unknown[]
}
/** What status.yaml says: every host Ready with the release of the inventory, every server a voter, but for the hosts of `troubled`. */
const is = async (troubled: Record<string, string[]> = {}): Promise<void> => {
  const file = join(lab.dir, 'life-status.json')
  rmSync(file, { force: true })
  await well('status', '-e', `status_file=${file}`)
  const status = JSON.parse(readFileSync(file, 'utf8')) as Status
  const hosts = [...says.servers, ...says.workers]
  const version = says.vars.k3s_version
  expect(
    status.hosts.map((each) => (troubled[each.host] ? [each.host, each.problems] : [each.host, each])),
  ).toEqual(
    hosts.map((host) => [
      host,
      troubled[host] ?? expect.objectContaining({ version, ready: true, problems: [], drift: [] }),
    ]),
  )
  // One server keeps its data in SQLite, until it has company.
  const members = says.servers.length === 1 ? 0 : says.servers.filter((host) => !troubled[host]).length
  expect(status.etcd).toEqual(
    members === 0 ? null : { members, voting: members, quorum: Math.floor(members / 2) + 1 },
  )
  expect([status.nodes_not_in_inventory, status.pods_not_running]).toEqual([[], []])
}

const quicken = (name: string, faults = {}): void =>
  k3s.write(name, '/etc/tsplay-lab/k3s-faults.json', JSON.stringify({ knobs, faults }))
/** A host as it comes from the shop, but with clocks that suit a test. */
const fresh = async (name: string): Promise<void> => {
  await lab.fresh(name)
  quicken(name)
}
/** Cuts the power of a server, and waits until the others know. */
const cut = async (name: string): Promise<void> => {
  await lab.cut(name)
  await expect
    .poll(() => k3s.kubectl('server-1', `get node ${name} --no-headers`), { timeout: 60_000, interval: 1000 })
    .toContain('NotReady')
}
const namespaces = async (): Promise<string[]> =>
  (await k3s.kubectl('server-1', 'get namespaces -o name'))
    .split('\n')
    .flatMap((line) => /^namespace\/((?:before|after)-.*)$/.exec(line)?.[1] ?? [])
const make = async (namespace: string): Promise<void> => {
  expect(await k3s.kubectl('server-1', `create namespace ${namespace}`)).toContain('created')
}

/** The lab that the tests share has five hosts, and tests that count on that: six are a lab of its own, if need be. */
let isOwn = false

beforeAll(async () => {
  lab = openLab(ourLabDir())
  isOwn = !lab.hosts.some(({ name }) => name === 'agent-3')
  if (isOwn) {
    lab = await labUp({ nodes: 6, servers: 3 }, undefined, `${ourLabDir()}-life`)
  }
  k3s = k3sHosts(lab)
  for (const { name, root } of lab.hosts) {
    if (existsSync(join(root, 'etc/rancher'))) await lab.fresh(name)
    quicken(name)
  }
})
afterAll(async () => {
  if (isOwn && process.env.TSPLAY_LAB_KEEP !== '1') await labDown(lab.dir)
})

let broken: string | undefined
beforeEach((context) => {
  if (broken !== undefined) context.skip(`the life of the cluster ended at: ${broken}`)
  context.onTestFailed(() => {
    broken = context.task.name
  })
})

describe.sequential('the life of a cluster', () => {
  it('begins with one server', async () => {
    await brings('cluster')
    await is()
    await make('before-backup')
  })

  it('goes on with three servers and two agents', async () => {
    says.servers = servers
    says.workers = ['agent-1', 'agent-2']
    await brings('cluster')
    await is()
  })

  it('grows a pool to three', async () => {
    says.workers = ['agent-1', 'agent-2', 'agent-3']
    await brings('scale', '-e', 'pool=workers', '-e', 'replicas=3')
    await is()
  })

  it('shrinks it to one', async () => {
    await brings('scale', '-e', 'pool=workers', '-e', 'replicas=1')
    await is({ 'agent-2': [absent, 'not in the cluster'], 'agent-3': [absent, 'not in the cluster'] })
    says.workers = ['agent-1']
  })

  it('is upgraded by a minor', async () => {
    says.vars.k3s_version = to
    await brings('upgrade')
    await is()
  })

  it('loses its first server, on purpose', async () => {
    await brings('remove-node', '-e', 'node=server-1')
    await is({ 'server-1': [absent, 'not in the cluster'] })
  })

  it('takes it in again', async () => {
    await brings('scale')
    await is()
    await idle('cluster')
  })

  it('replaces a server whose power is gone', async () => {
    await cut('server-2')
    await brings('remove-node', '-e', 'node=server-2')
    await fresh('server-2')
    await brings('scale')
    await is()
    await idle('cluster')
    expect(await namespaces()).toEqual(['before-backup'])
  })

  it('comes back from a backup when a majority of its servers is lost', async () => {
    const folder = join(lab.dir, 'life-backups')
    rmSync(folder, { recursive: true, force: true })
    await well('backup', '-e', `backup_dir=${folder}`)
    const [taken = ''] = readdirSync(join(folder, 'tsplay-lab'))
    const backup = join(folder, 'tsplay-lab', taken)
    await make('after-backup')
    await Promise.all(['server-2', 'server-3'].map((name) => lab.cut(name)))
    await well('restore', '-e', `backup=${backup}`, '-e', 'lost=server-2,server-3', '-e', 'delete_stale=true')
    expect(await namespaces()).toEqual(['before-backup'])
    await Promise.all(['server-2', 'server-3'].map(fresh))
    await brings('scale')
    await is()
    await brings('cluster')
  })

  it('has new certificates', async () => {
    const serials = () =>
      Promise.all(
        ['server-1', 'agent-1'].map(async (name) => {
          const { text } = await k3s.sh(name, 'sha256sum </var/lib/rancher/k3s/agent/client-kubelet.crt')
          return text
        }),
      )
    const before = await serials()
    quicken('server-2', { 'cert-rotate': { mode: 'fail', message: 'not today' } })
    const failed = await play(inventory(), 'certificates', '-e', 'rotate=true')
    expect(failures(failed)).toContain('put the old certificates aside on server-2')
    const between = await serials()
    expect([between[0] === before[0], between[1] === before[1]]).toEqual([false, true])
    quicken('server-2')
    await well('certificates', '-e', 'rotate=true')
    const after = await serials()
    // Who had new ones keeps them.
    expect([after[0] === between[0], after[1] === between[1]]).toEqual([true, false])
    await idle('certificates')
    await brings('cluster')
    await is()
  })

  it('has a new token', async () => {
    const file = join(lab.dir, 'life-token')
    const token = 'the-token-of-its-second-half'
    writeFileSync(file, `${token}\n`, { mode: 0o600 })
    const ran = await well('token', '-e', `new_token_file=${file}`)
    expect(ran.output).not.toContain(token)
    says.vars.token = token
    await brings('cluster')
    await is()
  })

  it('has a new key for its Secrets', async () => {
    await well('secrets-encryption', '-e', 'rotate=true')
    await idle('secrets-encryption')
    await brings('cluster')
    await is()
    expect(await namespaces()).toEqual(['before-backup'])
  })

  it('ends', async () => {
    await brings('reset', '-e', 'confirm=yes')
    await is(Object.fromEntries([...says.servers, ...says.workers].map((host) => [host, [absent]])))
  })
})
