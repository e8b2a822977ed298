import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import type { HostStats, RunEvent } from '../../../runner/events.js'
import type { Lab } from '../lab.js'
import { run } from '../run.js'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

/** How a run of a playbook ended. */
export interface Played {
  code: number
  /** Everything that it showed. */
  output: string
  events: RunEvent[]
  stats: Record<string, HostStats>
}

/** An inventory as data, so that tests can change the lab's. */
export interface ClusterInventory {
  k3s_cluster: {
    children: Record<'server' | 'agent', { hosts: Record<string, Record<string, unknown>> }>
    vars: Record<string, unknown>
  }
}

/** The lab's inventory, to be changed and written with `writeInventory`. */
export const readInventory = (lab: Lab): ClusterInventory => {
  const { k3s_cluster } = parse(readFileSync(lab.inventoryPath, 'utf8')) as ClusterInventory
  return { k3s_cluster }
}

/** Writes an inventory beside the lab's. Returns its path. */
export const writeInventory = (lab: Lab, name: string, inventory: ClusterInventory): string => {
  const path = join(lab.dir, `${name}.yaml`)
  writeFileSync(path, stringify(inventory), { mode: 0o600 })
  return path
}

/** Runs a playbook of the project through the command line. Never rejects. */
export const play = async (inventory: string, playbook: string, ...args: string[]): Promise<Played> => {
  const words = ['-i', inventory, `playbooks/${playbook}.yaml`, '--output', 'jsonl', ...args]
  const { code, stdout, stderr } = await run(
    process.execPath,
    ['--import', 'tsx', 'runner/cli.ts', ...words],
    { cwd: root, timeoutMs: 280_000 },
  )
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
  const events = lines.map((line) => JSON.parse(line) as RunEvent)
  const last = events.find((event) => event.type === 'run_finished')
  return { code, output: stdout + stderr, events, stats: { ...last?.stats } }
}

/** How many changes each host had. */
export const changes = ({ stats }: Played): Record<string, number> =>
  Object.fromEntries(Object.entries(stats).map(([host, counted]) => [host, counted.changed]))

/** What went wrong, in words, for the message of an assertion. */
export const failures = ({ events, output, code }: Played): string =>
  events
    .flatMap((event) =>
      event.type === 'host_finished' && ['failed', 'unreachable'].includes(event.result.status)
        ? [`${event.task.name} on ${event.result.host}: ${event.result.items.map((i) => i.message).join()}`]
        : [],
    )
    .join('\n') || (code === 0 ? '' : output.slice(-2000))
