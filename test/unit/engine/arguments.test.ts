import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

it('an argument may have another of Ansible’s names, in defaults, too', async () => {
  const dir = temporaryFolder({ f: 'a=1\nb=2\n' })
  const ran = await play(
    `- hosts: web
  gather_facts: false
  module_defaults: { lineinfile: { regex: ^a= } }
  tasks:
    - lineinfile: { path: ${dir}/f, value: a=3 }
    - find: { name: ${dir}, pattern: f }
      register: found
    - debug: { msg: "<%= found.matched %>" }
`,
    { dir },
  )
  expect(ran.stderr).toBe('')
  expect(readFileSync(join(dir, 'f'), 'utf8')).toBe('a=3\nb=2\n')
  expect(ran.messages).toEqual(['h1: 1'])
})

it('debug is silent below its verbosity', async () => {
  const playbook = `- hosts: web
  gather_facts: false
  tasks: [{ debug: { msg: loud, verbosity: 2 } }, { debug: { msg: always } }]
`
  const said = async (args: readonly string[]) =>
    (await play(playbook, { args })).events.flatMap((event) =>
      event.type === 'host_finished' ? event.result.items.flatMap(({ says }) => says ?? []) : [],
    )
  expect(await said([])).toEqual(['always'])
  expect(await said(['-vv'])).toEqual(['loud', 'always'])
})
