import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

describe('check mode', () => {
  it('writes nothing and foretells', async () => {
    const dir = temporaryFolder()
    const target = join(dir, 'made')
    const playbook = `- hosts: web
  gather_facts: false
  tasks:
    - copy: { content: "text\\n", dest: ${target} }
    - command: touch ${dir}/touched
`
    const checked = await play(playbook, { dir, args: ['--check'] })
    expect(checked.stats.h1).toMatchObject({ changed: 2, failed: 0 })
    expect(existsSync(target)).toBe(false)
    expect(existsSync(join(dir, 'touched'))).toBe(false)
    expect((await play(playbook, { dir })).stats.h1).toMatchObject({ changed: 2 })
    expect(readFileSync(target, 'utf8')).toBe('text\n')
    expect(existsSync(join(dir, 'touched'))).toBe(true)
  })

  it('calls unknown what depends on a task that was not applied, and names it', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - name: ask the host
      command: echo yes
      register: answer
      changed_when: false
    - name: depends by condition
      debug: { msg: never }
      when: answer.stdout === 'yes'
    - name: depends by value
      set_fact: { copied: <%= answer.stdout %> }
    - name: depends in the second place
      debug: { msg: <%= copied %> }
`,
      { args: ['--check'] },
    )
    expect(ran.trace).toEqual([
      'ask the host h1: ok',
      'depends by condition h1: unknown',
      'depends by value h1: unknown',
      'depends in the second place h1: unknown',
    ])
    expect(ran.stdout).toContain("depends on 'ask the host', which was not applied")
    expect(ran.exitCode).toBe(0)
  })

  it('really runs a task that says check_mode: false', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - command: echo yes
      register: answer
      changed_when: false
      check_mode: false
    - debug: { msg: <%= answer.stdout %> }
`,
      { args: ['--check'] },
    )
    expect(ran.messages).toEqual(['h1: yes'])
  })

  it('foretells a file in a folder that an earlier task would make, and fails one in a folder that none makes', async () => {
    const dir = temporaryFolder()
    const playbook = (first: string) => `- hosts: web
  gather_facts: false
  tasks:
    - file: { path: ${dir}/${first}, state: directory }
    - copy: { content: x, dest: ${dir}/folder/file }
`
    expect((await play(playbook('folder'), { dir, args: ['-C'] })).stats.h1).toMatchObject({
      changed: 2,
      failed: 0,
    })
    expect((await play(playbook('other'), { dir, args: ['-C'] })).stats.h1).toMatchObject({
      changed: 1,
      failed: 1,
    })
  })

  it('exits 3 with --fail-on-change when something would change', async () => {
    const dir = temporaryFolder()
    const playbook = `- hosts: web
  gather_facts: false
  tasks: [{ copy: { content: x, dest: ${dir}/file, mode: '0644' } }]
`
    expect((await play(playbook, { dir, args: ['-C', '--fail-on-change'] })).exitCode).toBe(3)
    writeFileSync(join(dir, 'file'), 'x', { mode: 0o644 })
    expect((await play(playbook, { dir, args: ['-C', '--fail-on-change'] })).exitCode).toBe(0)
  })
})

describe('values that look like code', () => {
  it('are printed as they are, wherever they came from', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is to look like one.
    const evil = '<%= process.exit(1) %> ${1+1} {{ 7*7 }}'
    const ran = await play(
      `- hosts: web
  gather_facts: false
  tasks:
    - command: cat
      args: { stdin: <%= given %>, stdin_add_newline: false }
      register: answer
    - name: said <%= answer.stdout %>
      debug: { msg: <%= answer.stdout %> }
    - set_fact: { copied: "<%= answer.stdout %>" }
    - debug: { msg: "again <%= copied %>" }
    - debug: { msg: <%= item %> }
      loop: ["<%= copied %>"]
    - debug: { msg: <%= hostvars.h1.copied %> }
      when: copied === given
`,
      { args: ['-e', JSON.stringify({ given: evil })] },
    )
    expect(ran.messages).toEqual([`h1: ${evil}`, `h1: again ${evil}`, `h1: ${evil}`, `h1: ${evil}`])
    expect(ran.trace[1]).toBe(`said ${evil} h1: ok`)
  })
})

describe('secrets', () => {
  it('of a task with no_log come up nowhere, not even in another task', async () => {
    const ran = await play(`- hosts: web
  gather_facts: false
  tasks:
    - command: echo hunter22-secret
      register: answer
      no_log: true
    - debug: { msg: "it is <%= answer.stdout %>" }
    - fail: { msg: "not <%= answer.stdout %>" }
`)
    expect(ran.messages).toEqual(['h1: it is ***'])
    expect(ran.stdout).not.toContain('hunter22')
  })

  it('that a role declares are masked everywhere', async () => {
    const ran = await play(
      `- hosts: web
  gather_facts: false
  vars: { token: deep-secret-1, codes: [deep-secret-2, 12345678] }
  roles: [holder]
`,
      {
        files: {
          'roles/holder/meta/argument_specs.yaml':
            'argument_specs:\n  main:\n    options:\n      token: { type: str, no_log: true }\n      codes: { type: list, no_log: true }\n',
          'roles/holder/tasks/main.yaml': '- debug: { msg: "<%= token %> <%= codes.join() %>" }\n',
        },
      },
    )
    expect(ran.messages).toEqual(['h1: *** ***,***'])
  })
})

describe('diff', () => {
  it('is told where it is asked for, by the command line or by the task', async () => {
    const dir = temporaryFolder()
    const playbook = (keyword: string) => `- hosts: web
  gather_facts: false
  tasks: [{ copy: { content: "new line\\n", dest: ${dir}/file }${keyword} }]
`
    expect((await play(playbook(''), { dir, args: ['-C'] })).stdout).not.toContain('new line')
    expect((await play(playbook(', diff: true'), { dir, args: ['-C'] })).stdout).toContain('new line')
    expect((await play(playbook(''), { dir, args: ['-C', '-D'] })).stdout).toContain('new line')
    expect((await play(playbook(', diff: false'), { dir, args: ['-C', '-D'] })).stdout).not.toContain(
      'new line',
    )
  })
})
