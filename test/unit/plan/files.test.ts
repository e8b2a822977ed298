import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const web = '- hosts: web\n  gather_facts: false\n'
const show = (expression: string) => `    - debug: { msg: "<%= ${expression} %>" }\n`

async function shown(
  playbook: string,
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
) {
  const ran = await play(web + playbook, { files, args })
  expect(ran.stderr).toBe('')
  return ran.messages.map((message) => message.slice('h1: '.length))
}

describe('files of variables', () => {
  it('of a role may be a folder main/, which wins over the file', async () => {
    const files = {
      'roles/r/defaults/main.yml': 'a: file\n',
      'roles/r/defaults/main/1.yaml': 'a: one\nb: one\n',
      'roles/r/defaults/main/deep/2.json': '{"b": "two"}',
      'roles/r/defaults/main/.hidden.yaml': 'b: hidden\n',
      'roles/r/vars/main.json': '{"c": "json"}',
      'roles/r/tasks/main.yml': `- debug: { msg: "<%= a + b + c %>" }\n`,
    }
    expect(await shown('  roles: [r]\n', files)).toEqual(['onetwojson'])
  })

  it('of vars_files may hold Jinja, and a list takes the first that is there', async () => {
    const files = {
      'b.yaml': 'x: "{{ own + 1 }}"\n',
      'c.yaml': 'x: never\n',
      'd.yaml': 'y: <%= own + 2 %>\n',
    }
    const playbook = `  vars_files: [[a.yaml, b.yaml, c.yaml], d.yaml]\n  tasks:\n${show('x + y')}`
    expect(await shown(playbook, files)).toEqual(['5'])
  })

  it('of vars_files are missing where none of a list is there', async () => {
    const ran = await play(`${web}  vars_files: [[a.yaml, b.yaml]]\n  tasks: []\n`)
    expect(ran.stderr).toMatch(/play\.yaml:3:16: error: no such file of variables: a\.yaml, b\.yaml/)
  })

  it('beside the playbook may hold Jinja', async () => {
    const files = {
      'group_vars/web.yaml': 'x: "{{ own }}"\n',
      'host_vars/h1/a.yaml': 'y: "{{ x }}-{{ own }}"\n',
    }
    expect(await shown(`  tasks:\n${show('y')}`, files)).toEqual(['1-1'])
  })
})

describe('variables whose names others chose', () => {
  const names = { class: 1, package: 2, env: 3, default: 4, 'a-b': 5, JSON: 6, include: 7, locals: 8 }
  const yaml = Object.entries(names).map(([name, value]) => `${name}: ${value}\n`)
  const sum = Object.keys(names)
    .map((name) => `vars['${name}']`)
    .join(' + ')

  it('are reached by vars, and in Jinja by name', async () => {
    const files = { 'group_vars/all.yaml': `${yaml.join('')}j: "{{ class + package + default + env }}"\n` }
    expect(await shown(`  tasks:\n${show(`[${sum}, vars.class, j].join(' ')`)}`, files)).toEqual(['36 1 10'])
  })

  it('may come from -e', async () => {
    expect(await shown(`  tasks:\n${show('vars.class')}`, {}, ['-e', 'class=x'])).toEqual(['x'])
  })

  it('are told how to be reached, where JavaScript has the word', async () => {
    const ran = await play(`${web}  tasks: [{ debug: { msg: a }, when: class === 1 }]\n`)
    expect(ran.stderr).toMatch(/play\.yaml:3:44[\s\S]*vars\.class/)
  })

  it('are warned of where tsplay sets them', async () => {
    const ran = await play(`${web}  tasks:\n${show('inventory_hostname')}`, {
      files: { 'group_vars/all.yaml': 'inventory_hostname: x\n' },
    })
    expect(ran.stderr).toMatch(/all\.yaml:1:1: warning: the variable inventory_hostname is never seen/)
    expect(ran.messages).toEqual(['h1: h1'])
  })
})

describe('short forms of arguments', () => {
  it('may stand in the command line of command, shell and script', async () => {
    const files = { 'files/s.sh': '#!/bin/sh\necho "$@"\n', there: '' }
    const tasks = [
      `command: echo a 'b c' creates=<%= playbook_dir %>/none chdir=/`,
      'shell: \'pwd; echo "a removes=b" removes=none\'',
      'script: s.sh one "two three" creates=<%= playbook_dir %>/there',
    ]
    const playbook = `  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`
    const ran = await play(web + playbook, { files })
    expect(ran.stderr).toBe('')
    expect(ran.trace).toEqual(['command h1: changed', 'shell h1: ok', 'script h1: ok'])
  })

  it('of includes are read as a mapping', async () => {
    const files = {
      'a.yaml': '- debug: { msg: file }\n',
      'roles/r/tasks/other.yaml': '- debug: { msg: role }\n',
    }
    const playbook =
      '  tasks:\n    - include_tasks: file=a.yaml\n    - include_role: name=r tasks_from=other\n'
    expect(await shown(playbook, files)).toEqual(['file', 'role'])
  })
})
