import { expect, test } from 'vitest'
import { type OpenrcOrder, planOpenrc, readOpenrc } from '../../../../runner/modules/services/openrc.js'

const order = (more: Partial<OpenrcOrder>): OpenrcOrder => ({
  name: 'sshd',
  runlevel: 'default',
  timeout: 300,
  sleep: 0,
  ...more,
})
const plan = (more: Partial<OpenrcOrder>, ...lines: string[]) => planOpenrc(order(more), readOpenrc(lines))

test.each([
  ['started', 'status 3', 'start'],
  ['started', 'status 0', undefined],
  ['started', 'status 8', undefined],
  ['started', 'status 32', 'zap-start'],
  ['stopped', 'status 32', 'stop'],
  ['stopped', 'status 3', undefined],
  ['restarted', 'status 0', 'restart'],
  ['reloaded', 'status 0', 'reload'],
  ['reloaded', 'status 3', 'start'],
] as const)('%s where it tells %s', (state, line, verb) => {
  expect(plan({ state }, 'there', line)?.data.verb).toBe(verb)
})

test('the runlevel that is asked for, not another', () => {
  expect(plan({ enabled: true }, 'there', 'status 0', 'runlevel boot')).toMatchObject({
    summary: ['add sshd to default'],
    differences: [{ before: 'started\nboot\n', after: 'started\nboot default\n' }],
  })
  expect(plan({ enabled: false, runlevel: 'boot' }, 'there', 'status 0', 'runlevel boot')?.summary).toEqual([
    'take sshd out of boot',
  ])
  expect(plan({ enabled: true, runlevel: 'boot' }, 'there', 'status 0', 'runlevel boot')).toBeUndefined()
})

test('one that is not there', () => {
  expect(plan({ state: 'stopped', enabled: false }, 'absent')).toBeUndefined()
  expect(plan({ state: 'started' }, 'absent')?.requires).toEqual(['file:/etc/init.d/sshd'])
})
