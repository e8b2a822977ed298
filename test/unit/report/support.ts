import { emptyStats } from '../../../runner/engine/stats.js'
import type { HostTaskResult, ItemResult, RunEvent, TaskInfo } from '../../../runner/events.js'

const task = (id: number, name: string): TaskInfo => ({
  id,
  name,
  module: 'copy',
  role: 'web',
  at: 'play.yaml:1:1',
  handler: false,
})

const item = (over: Partial<ItemResult> = {}): ItemResult => ({
  status: 'changed',
  summary: ['create /etc/x'],
  differences: [],
  result: {},
  ...over,
})

export const result = (host: string, over: Partial<ItemResult> = {}): HostTaskResult => ({
  host,
  status: over.status ?? 'changed',
  ignored: false,
  items: [item(over)],
  durationMs: 12,
})

const stats = { ...emptyStats(), ok: 1, changed: 1 }

/** A run of one play with one task and these results. */
export function eventsOf(results: readonly HostTaskResult[]): RunEvent[] {
  const info = task(1, 'write a file')
  const hosts = results.map((each) => each.host)
  return [
    { type: 'run_started', check: false, diff: false, playbooks: ['play.yaml'] },
    { type: 'play_started', play: 'Everything', hosts },
    { type: 'task_started', task: info, hosts },
    ...results.map((each) => ({ type: 'host_finished', task: info, result: each }) as const),
    { type: 'task_finished', task: info },
    { type: 'play_finished', play: 'Everything', durationMs: 100 },
    {
      type: 'run_finished',
      stats: Object.fromEntries(hosts.map((host) => [host, stats])),
      exitCode: 0,
      durationMs: 100,
      check: false,
    },
  ]
}
