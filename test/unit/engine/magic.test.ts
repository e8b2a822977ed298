import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

/** What an expression gives on the first host. */
async function value(expression: string, options: Parameters<typeof play>[1] = {}): Promise<unknown> {
  const ran = await play(
    `- name: The play\n  hosts: web\n  gather_facts: false\n  tasks: [{ debug: { msg: "<%= JSON.stringify(${expression}) %>" } }]\n`,
    options,
  )
  expect(ran.stderr).toBe('')
  return JSON.parse(ran.messages[0]!.replace(/^\S+: /, ''))
}

describe('magic variables', () => {
  it('tell of the host and the inventory', async () => {
    const dir = temporaryFolder()
    expect(await value('[inventory_hostname, inventory_dir, inventory_file, playbook_dir]', { dir })).toEqual(
      ['h1', dir, join(dir, 'inventory.yaml'), dir],
    )
    const files = { 'inventory.yaml': 'web: { hosts: { a.b.c: { ansible_connection: local } } }\n' }
    expect(await value('[inventory_hostname_short, group_names]', { files })).toEqual(['a', ['web']])
  })

  it('know a host of a second inventory, and one of a list', async () => {
    const dir = temporaryFolder({ 'other.ini': 'second ansible_connection=local\n' })
    const expression = "['h1', 'second', 'listed'].map(name => vars.hostvars[name].inventory_file ?? null)"
    const args = ['-i', join(dir, 'other.ini'), '-i', 'listed,']
    expect(await value(expression, { dir, args })).toEqual([
      join(dir, 'inventory.yaml'),
      join(dir, 'other.ini'),
      null,
    ])
  })

  it('tell of the play', async () => {
    const names =
      '[ansible_play_name, ansible_play_hosts, ansible_play_hosts_all, ansible_play_batch, play_hosts]'
    const hosts = ['h1', 'h2']
    expect(await value(names, { hosts: 2 })).toEqual(['The play', hosts, hosts, hosts, hosts])
  })

  it('tell of the roles of the play', async () => {
    const files = {
      'roles/one/meta/main.yaml': 'dependencies: [below]\n',
      'roles/two/meta/main.yaml': 'dependencies: [below]\n',
      'roles/two/tasks/main.yaml':
        '- debug: { msg: "<%= [ansible_play_role_names, ansible_dependent_role_names, ansible_role_names].join(\'; \') %>" }\n',
      'roles/below/tasks/main.yaml': '',
    }
    const ran = await play('- { hosts: web, gather_facts: false, roles: [one, two] }\n', { files })
    expect(ran.messages).toEqual(['h1: one,two; below; one,two,below'])
  })

  it('tell of the command line', async () => {
    const names =
      '[ansible_check_mode, ansible_diff_mode, ansible_forks, ansible_limit, ansible_skip_tags, ansible_verbosity]'
    const args = ['--check', '--diff', '--forks', '7', '--limit', 'h1', '--skip-tags', 'never', '-v']
    expect(await value(names, { args })).toEqual([true, true, 7, 'h1', ['never'], 1])
    expect(await value('ansible_run_tags')).toEqual(['all'])
  })

  it('tell of tsplay', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(await value('tsplay_version')).toBe(version)
  })

  it('tell of the environment of the task, unless a variable is called so', async () => {
    const playbook = `- hosts: web
  gather_facts: false
  environment: { A: play }
  tasks:
    - debug: { msg: "<%= toJson(environment).replaceAll(' ', '') %>" }
      environment: { B: <%= item %> }
      loop: [one]
`
    expect((await play(playbook)).messages.map((text) => text.replaceAll(/\s/g, ''))).toEqual([
      'h1:[{"A":"play"},{"B":"one"}]',
    ])
    expect((await play(playbook, { args: ['-e', 'environment=stage'] })).messages).toEqual(['h1: "stage"'])
  })

  it('tell of the task: its role, its file, its loop', async () => {
    const dir = temporaryFolder()
    const ran = await play('- hosts: web\n  gather_facts: false\n  roles: [r]\n', {
      dir,
      files: {
        'roles/r/tasks/main.yaml': `- debug: { msg: "<%= ansible_search_path.join() %>" }
- debug: { msg: <%= role_path %> }
- debug: { msg: "<%= ansible_loop_var %> <%= vars.ansible_index_var %> <%= each %>" }
  loop: [a]
  loop_control: { loop_var: each, index_var: at }
`,
      },
    })
    expect(ran.messages).toEqual([
      `h1: ${dir}/roles/r,${dir}/roles/r/tasks,${dir}`,
      `h1: ${dir}/roles/r`,
      'h1: each at a',
    ])
  })
})
