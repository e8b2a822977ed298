import { expect, test } from 'vitest'
import { authorizedKey } from '../../../runner/modules/authorized-key.js'
import { cron } from '../../../runner/modules/cron.js'
import { editCrontab } from '../../../runner/modules/system/crontab.js'
import { timezone } from '../../../runner/modules/timezone.js'

const job = (raw: Record<string, unknown>, lines: string[] = [], runner = '') =>
  editCrontab({ ...cron.args.parse({ name: 'a', job: 'run %', ...raw }), runner }, lines)

test('a job is known by the comment above it', () => {
  const other = ['#Ansible: b', '* * * * * x']
  expect(job({ minute: 5 }, other)).toEqual([...other, '#Ansible: a', '5 * * * * run %'])
  expect(job({ special_time: 'daily' }, ['#Ansible: a', '1 * * * * old', ...other], 'root')).toEqual([
    '#Ansible: a',
    '@daily root run %',
    ...other,
  ])
  expect(job({ disabled: true })).toEqual(['#Ansible: a', '#* * * * * run %'])
  expect(job({ state: 'absent' }, ['#Ansible: a', '1 * * * * old', ...other])).toEqual(other)
  expect(job({ state: 'absent' }, other)).toEqual(other)
})

test('a variable stands above the jobs', () => {
  expect(job({ name: 'PATH', env: true, job: '/bin' }, ['x'])).toEqual(['PATH="/bin"', 'x'])
  expect(job({ name: 'PATH', env: true, job: '/bin' }, ['x', 'PATH = y'])).toEqual(['x', 'PATH="/bin"'])
})

test.each([
  [cron, { name: 'a', job: 'x', minute: '* * * * root' }],
  [cron, { name: 'a\nb', job: 'x' }],
  [cron, { name: 'a', job: 'x', cron_file: '../x' }],
  [timezone, { name: '../../etc/shadow' }],
  [timezone, { name: '$(id)' }],
  [authorizedKey, { user: 'root', key: 'ssh-rsa' }],
  [authorizedKey, { user: '-x', key: 'ssh-rsa AAAA' }],
])('refused: %#', (module, raw) => expect(module.args.safeParse(raw).success).toBe(false))
