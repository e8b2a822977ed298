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
