import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

const head = '- hosts: web\n  gather_facts: false\n  tasks:\n'
const later = (hosts: string, msg: string) =>
  `- hosts: ${hosts}\n  gather_facts: false\n  tasks: [{ debug: { msg: "${msg}" } }]\n`

describe('add_host', () => {
  it('gives later plays a host, with groups, their variables and its own', async () => {
    const ran = await play(
      `${head}    - { add_host: { name: "n<%= item %>", groups: "new, web", size: <%= item * 10 %> }, loop: [1, 2] }
    - debug: { msg: "<%= groups.new.join() %> <%= hostvars.n2.size %>" }
${later('new', '<%= size %> <%= colour %> <%= group_names.join() %>')}`,
      {
        hosts: 2,
        files: {
          'inventory.yaml': `web:
  vars: { ansible_connection: local }
  hosts: { h1: , h2: }
new:
`,
          'group_vars/new.yaml': 'colour: red\n',
        },
      },
    )
    expect(ran.stderr).toBe('')
    expect(ran.messages).toEqual(['h1: n1,n2 20', 'h2: n1,n2 20', 'n1: 10 red new,web', 'n2: 20 red new,web'])
    expect(ran.trace.filter((line) => line.startsWith('add_host'))).toEqual(['add_host h1: ok'])
    expect(ran.stats.n1).toMatchObject({ ok: 1, changed: 0 })
  })

  it('adds to a host that is known, and takes a port', async () => {
    const ran = await play(
      `${head}    - add_host: { name: "h1:2222", groups: [extra], own: 7 }
${later('extra', '<%= own %> <%= vars.ansible_port %>')}`,
    )
    expect(ran.messages).toEqual(['h1: 7 2222'])
  })

  it('is bound by --limit, and by patterns that no group answers to', async () => {
    const playbook = `${head}    - add_host: { name: n1, groups: [new] }\n${later('new:nothing', 'x')}`
    const ran = await play(playbook)
    expect(ran.stdout).toContain("no host matches 'new:nothing'")
    const limited = await play(playbook.replace(':nothing', ''), { args: ['--limit', 'h1'] })
    expect(limited.messages).toEqual([])
  })

  it('does not make a play before it take an unknown name', async () => {
    const ran = await play(`${later('new', 'x')}${head}    - add_host: { name: n1, groups: [new] }\n`)
    expect(ran.stdout + ran.stderr).toMatch(/no host or group is called new|no host matches 'new'/)
    expect(ran.messages).toEqual([])
  })
})

describe('group_by', () => {
  it('makes groups out of what is known in the run, below others', async () => {
    const ran = await play(
      `${head}    - { group_by: { key: "is <%= own % 2 ? 'odd' : 'even' %>", parents: parity }, register: put }
    - debug: { msg: "<%= put.add_group %> <%= put.changed %>" }
${later('is-odd', '<%= group_names.join() %>')}${later('parity:!is-odd', 'even')}`,
      { hosts: 3 },
    )
    expect(ran.messages).toEqual([
      'h1: is-odd false',
      'h2: is-even false',
      'h3: is-odd false',
      'h1: is-odd,parity,web',
      'h3: is-odd,parity,web',
      'h2: even',
    ])
  })
})

describe('meta: refresh_inventory', () => {
  it('runs programs again, once for all hosts, and keeps what was added', async () => {
    const dir = temporaryFolder()
    const program = `#!/bin/sh
echo run >>'${dir}/runs'
hosts='"h1", "h2"'
[ "$(wc -l <'${dir}/runs')" -lt 2 ] || hosts='"h1", "h2", "h3"'
echo '{ "web": { "hosts": ['"$hosts"'], "vars": { "ansible_connection": "local" } } }'
`
    writeFileSync(join(dir, 'inventory.sh'), program)
    chmodSync(join(dir, 'inventory.sh'), 0o755)
    const ran = await play(
      `${head}    - add_host: { name: n1, groups: web }
    - meta: refresh_inventory
    - debug: { msg: <%= groups.web.join() %> }
${later('web', 'here')}`,
      { dir, files: { 'inventory.yaml': 'web:\n' }, args: ['-i', join(dir, 'inventory.sh')] },
    )
    expect(ran.stderr).toBe('')
    expect(ran.messages).toEqual([
      'h1: h1,h2,h3,n1',
      'h2: h1,h2,h3,n1',
      ...['h1', 'h2', 'h3', 'n1'].map((name) => `${name}: here`),
    ])
  })
})

describe('set_stats', () => {
  it('is told at the end: added up for the run, or of each host', async () => {
    const playbook = `${head}    - set_stats: { data: { total: <%= own %>, names: [<%= inventory_hostname %>] } }
    - set_stats: { data: { own: <%= own %> }, per_host: true }
    - { set_stats: { data: { last: <%= own %> }, aggregate: false } }
`
    const ran = await play(playbook, { hosts: 2 })
    const end = ran.events.find((event) => event.type === 'run_finished')
    expect(end?.custom).toEqual({
      run: { total: 3, names: ['h1', 'h2'], last: 2 },
      hosts: { h1: { own: 1 }, h2: { own: 2 } },
    })
  })
})
