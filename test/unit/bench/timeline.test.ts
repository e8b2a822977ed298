import { expect, test } from 'vitest'
import { timeline } from '../../../scripts/bench/timeline.js'

const task = (id: number, name: string) => ({ id, name, module: 'command', at: 'a:1:1', handler: false })
const result = (host: string, status: string, durationMs: number) => ({
  host,
  status,
  durationMs,
  ignored: false,
  items: [],
})

test('a task that ran in two batches is told twice, as long as its slowest host, without those that skipped it', () => {
  const events = [
    { type: 'task_started', task: task(1, 'start'), hosts: ['a', 'b'] },
    { type: 'host_finished', task: task(1, 'start'), result: result('a', 'ok', 1000) },
    { type: 'host_finished', task: task(1, 'start'), result: result('b', 'changed', 3000) },
    { type: 'task_started', task: task(2, 'skipped'), hosts: ['a'] },
    { type: 'host_finished', task: task(2, 'skipped'), result: result('a', 'skipped', 1) },
    { type: 'task_started', task: task(1, 'start'), hosts: ['c'] },
    { type: 'host_finished', task: task(1, 'start'), result: result('c', 'changed', 500) },
  ]
  const told = timeline(`some words\n${events.map((event) => JSON.stringify(event)).join('\n')}\n`)
  expect(
    told.map(({ task, results, seconds }) => [task.name, results.map(({ host }) => host), seconds]),
  ).toEqual([
    ['start', ['a', 'b'], 3],
    ['start', ['c'], 0.5],
  ])
})
