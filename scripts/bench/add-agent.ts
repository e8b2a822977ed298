import { renderInventory } from '../../test/lab/inventory.js'
import { labDir } from '../../test/lab/paths.js'
import { readState } from '../../test/lab/state.js'
import type { Bench } from './bench.js'
import { table } from './page.js'
import { runTsplay } from './process.js'
import { checkRecap } from './recap.js'
import { type Ran, timeline } from './timeline.js'

const agents = 20
const newcomer = `agent-${agents + 1}`
/** Who has a firewall: ufw takes some fifty calls on each of them, and all hosts share the processors of one machine. */
const fenced = ['server-1', 'agent-1', 'agent-2', newcomer]
/** What a peer of the newcomer may be asked and told: what it is, and its firewall. */
const ofPeers = ['its facts', 'firewall', 'k3s_cluster']

/** One agent more in a cluster of three servers and twenty agents: how long it takes, and who has to do something for it. */
export const addAgent: Bench = {
  name: 'add-agent',
  run: {
    on: 'lab',
    async measure(bed) {
      await bed.grow(3 + agents + 1)
      const state = readState(labDir())!
      const hosts = state.hosts.filter(({ kind }) => kind !== 'busybox')
      await Promise.all(
        hosts.map(async ({ name }) => {
          await bed.fresh(name)
          if (fenced.includes(name)) await bed.onHost(name, 'ufw allow 22/tcp && ufw --force enable')
        }),
      )
      const inventory = (some: typeof hosts) =>
        bed.write('agents.yaml', renderInventory(labDir(), { ...state, hosts: some }))
      const run = (path: string, playbook: string, format: string) =>
        runTsplay(['-i', path, playbook, '--output', format])
      const before = inventory(hosts.filter(({ name }) => name !== newcomer))
      const made = await run(before, 'cluster.yaml', 'plain')
      const again = await run(before, 'cluster.yaml', 'plain')
      checkRecap(again.stdout, 3 + agents, 0)
      const added = await run(inventory(hosts), 'scale.yaml', 'jsonl')
      return describe(made.seconds, again.seconds, added.seconds, timeline(added.stdout))
    },
  },
}

/** @throws Error when an agent that was there had to do more than its firewall */
function describe(made: number, again: number, added: number, ran: readonly Ran[]): string {
  const on = (is: (host: string) => boolean) =>
    ran.flatMap(({ task, results }) =>
      results
        .filter(({ host }) => is(host))
        .map(({ host, status }) => ({ host, status, what: task.role ?? task.name })),
    )
  const peers = on((host) => host.startsWith('agent-') && host !== newcomer)
  const strange = peers.filter(({ what }) => !ofPeers.includes(what))
  if (strange.length > 0) throw new Error(`agents were asked more: ${JSON.stringify(strange.slice(0, 5))}`)
  const who = (name: string, tasks: typeof peers) => {
    const hosts = new Set(tasks.map(({ host }) => host)).size
    const changed = tasks.filter(({ status }) => status === 'changed')
    const roles = [...new Set(changed.map(({ what }) => what))].join(', ')
    return [name, String(hosts), String(tasks.length), String(changed.length), roles]
  }
  const rows = [
    who(
      'the newcomer',
      on((host) => host === newcomer),
    ),
    who('the other agents', peers),
    who(
      'the servers',
      on((host) => host.startsWith('server-')),
    ),
  ]
  return [
    table(
      ['what', 's'],
      [
        ['`cluster.yaml` makes it: 3 servers, 20 agents', made.toFixed(1)],
        ['`cluster.yaml` once more: nothing to change', again.toFixed(1)],
        ['`scale.yaml` with one agent more', added.toFixed(1)],
      ],
    ),
    table(['`scale.yaml`', 'hosts', 'tasks that ran', 'that changed', 'of'], rows),
  ].join('\n\n')
}
