import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const playbook = (action: string, when: string) => `- hosts: web
  gather_facts: false
  serial: 2
  tasks:
    - { meta: ${action}, when: "${when}" }
    - debug: { msg: rest }
- hosts: web
  gather_facts: false
  tasks: [{ debug: { msg: next } }]
`

async function rest(action: string, when: string): Promise<string> {
  const { messages } = await play(playbook(action, when), { hosts: 3 })
  expect(messages.filter((line) => line.endsWith('next'))).toEqual(['h1: next', 'h2: next', 'h3: next'])
  return messages.filter((line) => line.endsWith('rest')).join(' ')
}

describe('meta', () => {
  it('ends the play for a host, a batch, or all', async () => {
    expect(await rest('end_host', 'own === 1')).toBe('h2: rest h3: rest')
    expect(await rest('end_batch', 'own === 2')).toBe('h3: rest')
    expect(await rest('end_play', 'own === 1')).toBe('')
    expect(await rest('end_play', 'false')).toBe('h1: rest h2: rest h3: rest')
  })

  it('readmits failed hosts from the next play on', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - { command: 'false', when: own === 1 }
    - meta: clear_host_errors
    - debug: { msg: same }
- hosts: web
  gather_facts: false
  tasks: [{ debug: { msg: next } }]
`,
      { hosts: 2 },
    )
    expect(ran.messages).toEqual(['h2: same', 'h1: next', 'h2: next'])
    expect(ran.exitCode).toBe(2)
  })

  it('sees the variables of the include around it, and its role', async () => {
    const files = {
      'roles/r/tasks/main.yaml': `- { meta: end_host, when: "item === own && role_name === 'r'" }
- debug: { msg: r<%= item %> }
`,
    }
    const ran = await play(
      '- hosts: web\n  gather_facts: false\n  tasks: [{ include_role: { name: r }, loop: [1, 2] }]\n',
      { files, hosts: 2 },
    )
    expect(ran.stderr).toBe('')
    expect(ran.messages).toEqual(['h2: r1'])
    expect(ran.exitCode).toBe(0)
  })

  it('takes only the keywords that mean something', async () => {
    const ran = await play('- hosts: web\n  tasks: [{ meta: noop, loop: [1] }]\n')
    expect(ran.stderr).toContain("unknown key 'loop' in 'meta'")
  })
})

describe('meta: end_role', () => {
  const files = {
    'roles/r/tasks/main.yaml': `- debug: { msg: "<%= inventory_hostname %> in" }
- include_tasks: end.yaml
- block: [{ debug: { msg: rest } }]
  always: [{ debug: { msg: always } }]
`,
    'roles/r/tasks/end.yaml': '- { meta: end_role, when: own === 1 }\n- debug: { msg: file }\n',
    'roles/outer/tasks/main.yaml': '- import_role: { name: r }\n- debug: { msg: outer }\n',
  }
  const ofFirst = (messages: readonly string[]) =>
    messages.filter((line) => line.startsWith('h1')).map((line) => line.slice(4))

  it.each(['import_role: { name: outer }', 'include_role: { name: outer }'])('ends %s', async (task) => {
    const ran = await play(
      `- hosts: web\n  gather_facts: false\n  tasks: [{ ${task} }, { debug: { msg: after } }]\n`,
      { files, hosts: 2 },
    )
    expect(ran.stderr).toBe('')
    expect(ofFirst(ran.messages)).toEqual(['h1 in', 'outer', 'after'])
    const second = ran.messages.filter((line) => line.startsWith('h2'))
    expect(second).toHaveLength(6)
  })

  it('ends one round of a loop, and the role of a play', async () => {
    const looped = await play(
      '- hosts: web\n  gather_facts: false\n  tasks: [{ include_role: { name: r }, loop: [1, 2] }]\n',
      { files },
    )
    expect(ofFirst(looped.messages)).toEqual(['h1 in', 'h1 in'])
    const named = await play(
      '- hosts: web\n  gather_facts: false\n  roles: [r]\n  tasks: [{ debug: { msg: after } }]\n',
      { files },
    )
    expect(ofFirst(named.messages)).toEqual(['h1 in', 'after'])
  })

  it('is refused outside of a role', async () => {
    const ran = await play('- hosts: web\n  tasks: [{ meta: end_role }]\n')
    expect(ran.stderr).toContain("'meta: end_role' stands outside of a role")
  })
})

describe('a meta action that fails', () => {
  it('is told, and fails the host', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks: [{ meta: noop, when: "facts.os.id === 'x'" }, { debug: { msg: rest } }]
`,
    )
    expect(ran.stdout).toContain('meta: noop on h1: ')
    expect(ran.exitCode).toBe(2)
    expect(ran.messages).toEqual([])
  })

  it.each([
    "{ meta: end_host, when: 'vars.own === 1 && vars.none.x === 1' }",
    "{ include_tasks: t.yaml, when: 'vars.own === 1 && vars.none.x === 1' }",
  ])('or an include ends the run where any error is fatal: %s', async (task) => {
    const files = { 't.yaml': '- debug: { msg: included }\n' }
    const text = (fatal: string) =>
      `- { hosts: web, gather_facts: false, any_errors_fatal: ${fatal}, tasks: [${task}, { debug: { msg: rest } }] }\n`
    const told = async (fatal: string) => {
      const { exitCode, messages } = await play(text(fatal), { hosts: 2, files })
      return [exitCode, messages.filter((line) => line.endsWith('rest'))]
    }
    expect(await told('true')).toEqual([2, []])
    expect(await told('false')).toEqual([2, ['h2: rest']])
  })
})
