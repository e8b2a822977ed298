import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const head = '- hosts: web\n  gather_facts: false\n'

const files = {
  'vars/a.yaml': 'a: one\nshared: a\ntold: "<%= a %> on <%= inventory_hostname %>"\n',
  'vars/os/debian.yaml': 'packages: apt\n',
  'vars/os/fedora.yaml': 'packages: dnf\n',
  'vars/dir/1.yaml': 'shared: first\nx: 1\n',
  'vars/dir/2.json': '{ "shared": "second" }',
  'vars/dir/deep/3.yml': 'shared: third\n',
  'vars/dir/notes.txt': 'shared: never\n',
  'vars/bad.yaml': '- a list\n',
  'roles/r/tasks/main.yaml': '- include_vars: own.yaml\n- debug: { msg: <%= own %> }\n',
  'roles/r/vars/own.yaml': 'own: of the role\n',
}

async function said(tasks: string, hosts = 1): Promise<string[]> {
  const ran = await play(`${head}  tasks:\n${tasks}`, { files, hosts })
  expect(ran.stderr).toBe('')
  expect(ran.exitCode).toBe(0)
  return ran.messages.map((line) => line.replace(/^h1: /, ''))
}

describe('include_vars', () => {
  it('gives the host the variables of a file, templates and all, below set_fact', async () => {
    const tasks = `    - set_fact: { shared: fact }
    - include_vars: a.yaml
    - debug: { msg: "<%= told %> <%= shared %>" }
`
    expect(await said(tasks, 2)).toEqual(['one on h1 fact', 'h2: one on h2 fact'])
  })

  it('gives templates under one name that follow what they name', async () => {
    const tasks = `    - include_vars: { file: a.yaml, name: all }
    - set_fact: { a: first }
    - debug: { msg: <%= all.told %> }
    - set_fact: { a: second }
    - debug: { msg: <%= all.told %> }
`
    expect(await said(tasks)).toEqual(['first on h1', 'second on h1'])
  })

  it('gives what one host has read to all of them', async () => {
    const tasks = `    - debug: { msg: "<%= vars.shared ?? 'none' %>" }
    - include_vars: a.yaml
      run_once: true
    - debug: { msg: <%= shared %> <%= told %> }
`
    const expected = ['none', 'h2: none', 'a one on h1', 'h2: a one on h2']
    expect((await said(tasks, 2)).sort()).toEqual(expected.sort())
  })

  it('holds in later plays, and wins over the vars of a task', async () => {
    const tasks = `    - include_vars: { file: a.yaml }
- hosts: web
  gather_facts: false
  tasks: [{ debug: { msg: <%= a %> }, vars: { a: task } }]
`
    expect(await said(tasks)).toEqual(['one'])
  })

  it('takes a file that is only known in the run, and one for each item', async () => {
    const tasks = `    - include_vars: os/<%= ['debian', 'fedora'][own - 1] %>.yaml
    - debug: { msg: <%= packages %> }
    - include_vars: <%= item %>
      loop: [a.yaml, dir/1.yaml]
    - debug: { msg: <%= shared + x %> }
`
    expect(await said(tasks, 2)).toEqual(['apt', 'h2: dnf', 'first1', 'h2: first1'])
  })

  it.each([
    ['ignore_unknown_extensions: true', 'third 3'],
    ['depth: 1, ignore_files: [txt]', 'second 2'],
    ['files_matching: "^1"', 'first 1'],
    ['extensions: [json], ignore_unknown_extensions: true', 'second 1'],
  ])('reads a folder: %s', async (more, result) => {
    const tasks = `    - { include_vars: { dir: dir, ${more} }, register: ran }
    - debug: { msg: "<%= shared %> <%= ran.ansible_included_var_files.length %>" }
`
    expect(await said(tasks)).toEqual([result])
  })

  it('puts them into one variable', async () => {
    const tasks = `    - include_vars: { file: a.yaml, name: all_of_it }
    - debug: { msg: "<%= all_of_it.a %> <%= String(vars.a) %>" }
`
    expect(await said(tasks)).toEqual(['one undefined'])
  })

  it('looks into the vars of the role', async () => {
    expect(await said('    - import_role: { name: r }\n')).toEqual(['of the role'])
  })

  it.each([
    ['b.yaml', /no file of variables 'b.yaml'[\s\S]*did you mean 'a.yaml'/],
    ['bad.yaml', /bad.yaml must be a mapping|bad.yaml/],
    ['{ dir: dir }', /notes.txt ends with none of json, yaml, yml/],
    ['{ dir: nowhere }', /no folder of variables 'nowhere'/],
    ['{ file: a.yaml, dir: dir }', /one of the two/],
    ['{ file: a.yaml, hash_behaviour: merge }', /mappings are not merged/],
    ['{ dir: dir, files_matching: "(" }', /no regular expression/],
  ])('is refused before the run: %s', async (args, message) => {
    const ran = await play(`${head}  tasks: [{ include_vars: ${args} }]\n`, { files })
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toMatch(message)
  })

  it('fails where the file turns out to be missing', async () => {
    const ran = await play(`${head}  tasks: [{ include_vars: "<%= 'no' + own %>.yaml" }]\n`, { files })
    expect(ran.exitCode).toBe(2)
    expect(ran.stdout).toContain("no file of variables 'no1.yaml'")
  })
})
