import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

/** A playbook with one mistake each, the place of the message, and what it says. */
const mistakes: readonly (readonly [string, string, RegExp])[] = [
  ['- hosts: web\n  taks: []\n', '2:3', /unknown key 'taks'[\s\S]*did you mean 'tasks'/],
  ['- hosts: web\n  tasks: [{ cpy: { src: a } }]\n', '2:13', /neither a keyword nor a module[\s\S]*'copy'/],
  [
    '- hosts: web\n  tasks: [{ copy: { content: a, attr: i, dest: /b } }]\n',
    '2:33',
    /'copy' does not take 'attr'[\s\S]*command: chattr/,
  ],
  ['- hosts: web\n  tasks: [{ copy: { content: a, dst: /b } }]\n', '2:33', /no argument 'dst'[\s\S]*'dest'/],
  [
    '- hosts: web\n  tasks: [{ lineinfile: { path: /a, line: a, value: b } }]\n',
    '2:46',
    /another name of 'line'/,
  ],
  ['- hosts: web\n  tasks: [{ copy: { content: a } }]\n', '2:13', /needs the argument 'dest'/],
  ['- hosts: web\n  tasks: [{ assert: { msg: a } }]\n', '2:13', /'assert' needs the argument 'that'/],
  ['- hosts: web\n  tasks: [{ file: { path: /a, state: gone } }]\n', '2:38', /argument 'state'/],
  ['- hosts: web\n  tasks: [{ debug: { msg: a }, when: "a ===" }]\n', '2:43', /Unexpected token/],
  [
    '- hosts: web\n  tasks: [{ debug: { msg: "<%= nope %>" } }]\n',
    '2:32',
    /nothing defines the variable 'nope'/,
  ],
  ['- hosts: web\n  tasks: [{ debug: { msg: a }, when: "<%= true %>" }]\n', '2:38', /bare expression/],
  ['- hosts: web\n  tasks: [{ command: "true", notify: nobody }]\n', '2:38', /no handler 'nobody'/],
  ['- hosts: web\n  roles: [nobody]\n', '2:11', /no role 'nobody'/],
  ['- hosts: web\n  roles: [../x]\n', '2:11', /named, not reached by a path/],
  ['- hosts: web\n  tasks: [{ import_tasks: none.yaml }]\n', '2:27', /no such file of tasks/],
  [
    '- hosts: web\n  tasks: [{ debug: { msg: a }, debugger: x }]\n',
    '2:32',
    /keyword of Ansible's that tsplay does not support/,
  ],
  ['- hosts: web\n  tasks: [{ debug: { msg: a }, fail: {} }]\n', '2:32', /this one has two/],
  ['- hosts: web\n  tasks: [{ name: nothing }]\n', '2:11', /names no module/],
  ['- hosts: web\n  tasks: [{ debug: { msg: "{{ x }}" } }]\n', '2:28', /<%= x %>/],
  ['- hosts: web\n  tasks: [{ import_tasks: play.yaml, loop: [1] }]\n', '2:38', /cannot loop/],
  ['- hosts: web\n  strategy: linaer\n', '2:13', /unknown strategy/],
  ['- tasks: []\n', '1:3', /needs 'hosts'/],
  ['hosts: web\n', '1:1', /a playbook must be a list/],
  ['- hosts: web\n  hosts: web\n', '2:3', /hosts/],
  ['- hosts: web\n  tasks:\n\t- debug: {}\n', '3:1', /[Tt]ab/],
  ['- hosts: web\n  tasks: [{ command: "true", register: env }]\n', '2:40', /no variable can be named 'env'/],
  [
    '- hosts: web\n  tasks: [{ template: { src: none.ejs, dest: /a } }]\n',
    '2:30',
    /no file 'none.ejs' in .*templates/,
  ],
  ['- hosts: web\n  tasks: [{ copy: { src: play.yml, dest: /a } }]\n', '2:26', /did you mean 'play.yaml'/],
  ['- hosts: web\n  tasks: [{ meta: fly }]\n', '2:19', /'meta: fly' is not supported/],
]

describe('static checks', () => {
  it.each(mistakes)('%j is refused at %s', async (playbook, place, message) => {
    const ran = await play(playbook)
    expect(ran.stderr).toContain(`play.yaml:${place}: error:`)
    expect(ran.stderr).toMatch(message)
    expect(ran.exitCode).toBe(1)
    expect(ran.events).toEqual([])
  })

  it('takes files that are there, on the host, or made by an earlier task', async () => {
    const ran = await play(
      `- hosts: web
  tasks:
    - copy: { src: a.txt, dest: /a }
    - copy: { src: /nowhere/b.txt, dest: /a, remote_src: true }
    - copy: { src: /nowhere/c.txt, dest: /a }
`,
      { files: { 'files/a.txt': '' }, args: ['--syntax-check'] },
    )
    expect(ran.stderr).toBe('')
    expect(ran.exitCode).toBe(0)
  })

  it('tells all mistakes at once', async () => {
    const ran = await play('- hosts: web\n  taks: []\n  roles: [nobody]\n  tasks: [{ cpy: {} }]\n')
    expect(ran.stderr.match(/: error:/g)).toHaveLength(3)
  })

  it.each([
    [
      'import_tasks: <%= facts.os.family %>.yaml',
      "'file' of an import",
      '3:31',
      'include_tasks may name facts',
    ],
    ['import_role: { name: <%= own %> }', "'name' of an import", '3:38', 'include_role may name facts'],
  ])('%s names what is not known before the run', async (task, what, at, hint) => {
    const ran = await play(`- hosts: web\n  gather_facts: false\n  tasks: [{ ${task} }]\n`)
    expect(ran.stderr).toContain(what)
    expect(ran.stderr).toContain(`play.yaml:${at}: error:`)
    expect(ran.stderr).toContain(hint)
    expect(ran.exitCode).toBe(1)
  })

  it('imports by names that -e, variables of the play and of the import itself tell', async () => {
    const files = {
      'one/tasks.yaml': '- debug: { msg: tasks one }\n',
      'roles/two/tasks/main.yaml': '- import_tasks: <%= role_name %>-<%= ending %>.yaml\n',
      'roles/two/tasks/two-x.yaml': '- debug: { msg: role two }\n',
      'vars/v.yaml': 'ending: x\nplaybook: more\n',
      'more.yaml': '- { hosts: web, gather_facts: false, tasks: [debug: { msg: more }] }\n',
    }
    const ran = await play(
      `- hosts: web
  gather_facts: false
  vars: { folder: <%= first %> }
  vars_files: [v.yaml]
  roles: ["<%= second %>"]
  tasks:
    - import_tasks: <%= folder %>/<%= file %>.yaml
      vars: { file: tasks }
    - import_role: { name: <%= second %>, tasks_from: "<%= 'two-' + ending %>" }
- import_playbook: <%= which %>.yaml
  vars: { which: <%= 'mo' + 're' %> }
`,
      { files, args: ['-e', 'first=one second=two'] },
    )
    expect(ran.stderr).toBe('')
    expect(ran.messages).toEqual(['h1: role two', 'h1: tasks one', 'h1: role two', 'h1: more'])
  })

  it('names the chain of an import that comes back to itself', async () => {
    const ran = await play('- hosts: web\n  tasks: [{ import_tasks: a.yaml }]\n', {
      files: { 'a.yaml': '- import_tasks: b.yaml\n', 'b.yaml': '- import_tasks: a.yaml\n' },
    })
    expect(ran.stderr).toMatch(/imports itself: .*a\.yaml → .*b\.yaml → .*a\.yaml/)
  })

  it('refuses a variable that a role requires, before its first task', async () => {
    const roles = (when: string) =>
      `- hosts: web\n  gather_facts: false\n  roles: [{ role: strict${when} }]\n`
    const role = {
      files: {
        'roles/strict/tasks/main.yaml': '- debug: { msg: not reached }\n',
        'roles/strict/meta/argument_specs.yaml':
          'argument_specs:\n  main:\n    options:\n      wanted: { type: str, required: true }\n',
      },
    }
    const ran = await play(roles(''), role)
    expect(ran.stderr).toMatch(
      /play\.yaml:3:11: error: role 'strict' requires the variable 'wanted', and nothing defines it for h1/,
    )
    expect(ran.events).toEqual([])
    expect(ran.exitCode).toBe(1)
    // Where only the run can tell whether the role is used, the run tells.
    const late = await play(roles(", when: inventory_hostname === 'h1'"), role)
    expect(late.stdout).toContain("variable 'wanted' is required")
    expect(late.messages).toEqual([])
    expect(late.exitCode).toBe(2)
  })
})
