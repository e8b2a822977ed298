import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { runApp } from '../../../runner/app.js'
import { exitCodes, InputError } from '../../../runner/errors.js'
import type { HostStats, RunEvent } from '../../../runner/events.js'
import { parseOptions } from '../../../runner/options.js'
import type { Lab } from '../lab.js'

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

/** What a test does while a playbook runs. */
export interface Watching {
  /** Called with every event when it happens. */
  onEvent?: (event: RunEvent) => void
  /** Ctrl-C, once and twice. */
  stop?: AbortSignal
  abort?: AbortSignal
}

/** A run that has not ended after this long is killed, as by a second Ctrl-C, and tells so by its exit code. */
const boundMs = 280_000

/**
 * Runs a playbook of the project, or one that a path names, as the command line does, but in this process: a run costs
 * its own time and not that of starting Node.js and reading the sources again. Never rejects.
 */
export const playWatched = async (
  inventory: string,
  playbook: string,
  args: readonly string[],
  { onEvent, stop, abort }: Watching = {},
): Promise<Played> => {
  const path = playbook.startsWith('/') ? playbook : `playbooks/${playbook}.yaml`
  const events: RunEvent[] = []
  let output = ''
  const told = (text: string): void => {
    output += text
    for (const line of text.split('\n').filter((each) => each.startsWith('{'))) {
      const event = JSON.parse(line) as RunEvent
      events.push(event)
      onEvent?.(event)
    }
  }
  const bound = AbortSignal.timeout(boundMs)
  const either = (signal: AbortSignal | undefined) => AbortSignal.any(signal ? [bound, signal] : [bound])
  let code: number
  try {
    code = await runApp(parseOptions(['-i', inventory, path, '--output', 'jsonl', ...args]), {
      stdout: { write: told },
      stderr: { write: (text) => (output += text) },
      colour: false,
      cwd: root,
      interrupt: () => undefined,
      stop: either(stop),
      abort: either(abort),
    })
  } catch (error) {
    output += String(error)
    code = error instanceof InputError ? error.exitCode : exitCodes.bug
  }
  const last = events.find((event) => event.type === 'run_finished')
  return { code, output, events, stats: { ...last?.stats } }
}

/** Runs a playbook to its end. Never rejects. */
export const play = (inventory: string, playbook: string, ...args: string[]): Promise<Played> =>
  playWatched(inventory, playbook, args)

/** How many changes each host had. */
export const changes = ({ stats }: Played): Record<string, number> =>
  Object.fromEntries(Object.entries(stats).map(([host, counted]) => [host, counted.changed]))

/** The tasks that changed something, each once. */
export const changedTasks = ({ events }: Played): string[] => [
  ...new Set(
    events.flatMap((event) =>
      event.type === 'host_finished' && event.result.status === 'changed' ? [event.task.name] : [],
    ),
  ),
]

/** What went wrong, in words, for the message of an assertion; not what the playbook puts up with. */
export const failures = ({ events, output, code }: Played): string =>
  events
    .flatMap((event) =>
      event.type === 'host_finished' &&
      !event.result.ignored &&
      ['failed', 'unreachable'].includes(event.result.status)
        ? [`${event.task.name} on ${event.result.host}: ${event.result.items.map((i) => i.message).join()}`]
        : [],
    )
    .join('\n') || (code === 0 ? '' : output.slice(-2000))
