import { expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

it('a command that fails may have changed something: no failure by failed_when, it counts as a change', async () => {
  const ran = await play(`
- hosts: all
  gather_facts: false
  tasks:
    - { name: fails, shell: exit 4, failed_when: false, notify: told, register: first }
    - { name: ignored, shell: exit 5, ignore_errors: true, register: second }
    - { debug: { msg: "<%= [first.changed, first.failed, second.changed, second.failed].join(' ') %>" } }
  handlers:
    - { name: told, debug: { msg: the handler ran } }
`)
  expect(ran.trace[0]).toBe('fails h1: changed')
  expect(ran.messages).toEqual(['h1: true false true true', 'h1: the handler ran'])
})

it('counts a change of a failure that is ignored, unless changed_when says that there is none', async () => {
  const ran = await play(`- hosts: web
  gather_facts: false
  ignore_errors: true
  tasks:
    - { name: one, command: 'false' }
    - { name: none, command: 'false', changed_when: false }
    - { name: of items, command: 'sh -c "exit <%= item %>"', loop: [0, 1], changed_when: item === 0 }
    - { name: unknowable, command: 'false', changed_when: "vars.no.such", register: made }
    - { debug: { msg: <%= made.rc %> } }
`)
  expect(ran.stats.h1).toMatchObject({ ok: 5, ignored: 4, changed: 3, failed: 0 })
  expect(ran.messages).toEqual(['h1: 1'])
})
