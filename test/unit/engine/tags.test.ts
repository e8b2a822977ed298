import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const tasks = `- hosts: web
  gather_facts: false
  tasks:
    - { debug: { msg: plain } }
    - { debug: { msg: a }, tags: a }
    - { debug: { msg: ab }, tags: [a, b] }
    - { debug: { msg: never }, tags: never }
    - { debug: { msg: never-a }, tags: [never, a] }
    - { debug: { msg: always }, tags: always }
    - { debug: { msg: both }, tags: [never, always] }
`

async function chosen(args: string, playbook = tasks): Promise<string> {
  const ran = await play(playbook, { args: args.split(' ').filter(Boolean) })
  expect(ran.stderr).toBe('')
  return ran.messages.map((line) => line.slice('h1: '.length)).join(' ')
}

describe('tags', () => {
  it.each([
    ['', 'plain a ab always both'],
    ['--tags all', 'plain a ab always both'],
    ['--tags a', 'a ab never-a always both'],
    ['-t a -t never', 'a ab never never-a always both'],
    ['--tags never', 'never never-a always both'],
    ['--tags tagged', 'a ab always both'],
    ['--tags untagged', 'plain always both'],
    ['--skip-tags a', 'plain always both'],
    ['--tags a --skip-tags b', 'a never-a always both'],
    ['--skip-tags always', 'plain a ab'],
    ['--skip-tags all', 'always both'],
    ['--skip-tags all,always', ''],
    ['--skip-tags tagged', 'plain'],
    ['--tags a,b --skip-tags always', 'a ab never-a'],
  ])('%s runs: %s', async (args, expected) => {
    expect(await chosen(args)).toBe(expected)
  })

  it.each([
    ['--tags', 'alway', /--tags: nothing in the playbooks has the tag 'alway'[\s\S]*did you mean 'always'/],
    ['--skip-tags', 'zzzz', /--skip-tags: nothing in the playbooks has the tag 'zzzz'[\s\S]*--list-tags/],
  ])('refuses %s %s', async (option, tag, message) => {
    const ran = await play(tasks, { args: [option, tag] })
    expect(ran.exitCode).toBe(1)
    expect(ran.events).toEqual([])
    expect(ran.stderr).toMatch(message)
  })

  it('are inherited from plays, blocks, roles and imports, and not from includes', async () => {
    const files = {
      'inner.yaml': '- { debug: { msg: inner } }\n- { debug: { msg: own }, tags: own }\n',
      'roles/r/tasks/main.yaml': '- { debug: { msg: role } }\n',
    }
    const playbook = `- hosts: web
  gather_facts: false
  roles: [{ role: r, tags: in_role }]
  tasks:
    - { block: [{ debug: { msg: block } }], tags: in_block }
    - { import_tasks: inner.yaml, tags: in_import }
    - { include_tasks: inner.yaml, tags: in_include }
- hosts: web
  gather_facts: false
  tags: in_play
  tasks: [{ debug: { msg: play } }]
`
    const run = async (tag: string) =>
      (await play(playbook, { files, args: ['--tags', tag] })).messages.join(' ').replaceAll('h1: ', '')
    expect(await run('in_role')).toBe('role')
    expect(await run('in_block')).toBe('block')
    expect(await run('in_import')).toBe('inner own')
    expect(await run('in_include')).toBe('')
    expect(await run('in_include,own')).toBe('own own')
    expect(await run('own')).toBe('own')
    expect(await run('in_play')).toBe('play')
  })

  it('leave handlers alone, and the implicit flush unless the play is left out', async () => {
    const playbook = `- hosts: web
  gather_facts: false
  pre_tasks: [{ command: 'true', tags: a, notify: h }]
  tasks: [{ debug: { msg: task }, tags: a }]
  handlers: [{ name: h, debug: { msg: handler }, tags: nothing }]
`
    expect(await chosen('--tags a', playbook)).toBe('handler task')
    const explicit = playbook
      .replace('pre_tasks:', 'tasks:')
      .replace('  tasks: [{ debug: { msg: task }, tags: a }]\n', '')
    expect(
      await chosen(
        '--tags a',
        explicit.replace(
          'notify: h }',
          'notify: h }, { meta: flush_handlers }, { debug: { msg: task }, tags: a }',
        ),
      ),
    ).toBe('task handler')
  })

  it('gather facts whatever is chosen, unless a play with tags is left out', async () => {
    const gathered = async (args: string[], tags = '') => {
      const ran = await play(
        `- hosts: web\n${tags}  tasks: [{ debug: { msg: x }, tags: a }, { debug: { msg: y }, tags: b }]\n`,
        { args },
      )
      return ran.trace.some((line) => line.startsWith('Gather facts'))
    }
    expect(await gathered(['--tags', 'a'])).toBe(true)
    expect(await gathered(['--skip-tags', 'always'])).toBe(false)
    expect(await gathered(['--tags', 'a'], '  tags: p\n')).toBe(false)
    expect(await gathered(['--tags', 'p'], '  tags: p\n')).toBe(true)
  })

  it('of an import_playbook hold for its plays, as do its when and vars', async () => {
    const files = {
      'more.yaml':
        '- hosts: web\n  gather_facts: false\n  vars: { v: own }\n  tasks: [{ debug: { msg: "more <%= v %>" } }]\n',
    }
    const playbook = `- { import_playbook: more.yaml, tags: more, vars: { v: given } }
- { import_playbook: more.yaml, when: false }
- { hosts: web, gather_facts: false, tasks: [{ debug: { msg: other } }] }
`
    expect((await play(playbook, { files })).messages).toEqual(['h1: more given', 'h1: other'])
    expect((await play(playbook, { files, args: ['--tags', 'more'] })).messages).toEqual(['h1: more given'])
  })

  it('can be asked for by tasks', async () => {
    const playbook =
      '- hosts: web\n  gather_facts: false\n  tasks: [{ debug: { msg: "<%= ansible_run_tags.join() %>/<%= ansible_skip_tags.join() %>" }, tags: [a, b] }]\n'
    expect(await chosen('--tags a,b', playbook)).toBe('a,b/')
    expect(await chosen('', playbook)).toBe('all/')
  })
})

describe('--start-at-task', () => {
  const playbook = `- hosts: web
  gather_facts: false
  tasks: [{ name: zero, debug: { msg: zero } }]
- hosts: web
  gather_facts: false
  tasks:
    - { name: one, debug: { msg: one } }
    - block:
        - { name: two, debug: { msg: two } }
        - { name: three, command: 'false' }
      rescue: [{ debug: { msg: rescued } }]
    - { name: four, debug: { msg: four } }
`
  it.each([
    ['three', 'rescued four'],
    ['t*', 'two rescued four'],
    ['f?ur', 'four'],
  ])('%s begins there, with the rescue around it', async (name, expected) => {
    const ran = await play(playbook, { args: ['--start-at-task', name] })
    expect(ran.messages.join(' ').replaceAll('h1: ', '')).toBe(expected)
  })

  it('finds the task of a role by both names', async () => {
    const files = {
      'roles/r/tasks/main.yaml': '- { name: a, debug: { msg: a } }\n- { name: b, debug: { msg: b } }\n',
    }
    const role = '- hosts: web\n  gather_facts: false\n  roles: [r]\n'
    for (const name of ['b', 'r : b'])
      expect((await play(role, { files, args: ['--start-at-task', name] })).messages).toEqual(['h1: b'])
  })

  it('is an error where no task has the name', async () => {
    const ran = await play(playbook, { args: ['--start-at-task', 'thre'] })
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toMatch(/no task is named 'thre'[\s\S]*did you mean 'three'/)
  })
})

describe('--step', () => {
  const playbook = `- hosts: web
  gather_facts: false
  tasks: [${['a', 'b', 'c', 'd'].map((name) => `{ name: ${name}, debug: { msg: ${name} } }`).join(', ')}]
`
  it('asks before each task until it is told to continue', async () => {
    const ran = await play(playbook, { args: ['--step'], answers: ['y', 'n', 'c'] })
    expect(ran.messages).toEqual(['h1: a', 'h1: c', 'h1: d'])
  })

  it('is an error without a terminal', async () => {
    const ran = await play(playbook, { args: ['--step'] })
    expect(ran.exitCode).toBe(1)
    expect(ran.messages).toEqual([])
  })
})

describe('lists', () => {
  const playbook = `- name: first
  hosts: web
  tags: p
  roles: [r]
  tasks:
    - { name: say <%= own %>, debug: { msg: x }, tags: [b, a] }
    - { include_tasks: inner.yaml }
`
  const files = {
    'roles/r/tasks/main.yaml': '- { name: in role, debug: { msg: x } }\n',
    'inner.yaml': '- { name: inside, debug: { msg: x }, tags: inner }\n',
  }

  it('tasks with their tags', async () => {
    const ran = await runText(['--list-tasks'])
    expect(ran).toBe(`
playbook: play.yaml

  play #1 (web): first\tTAGS: [p]
    tasks:
      r : in role\tTAGS: [p]
      say <%= own %>\tTAGS: [a, b, p]
      include_tasks\tTAGS: [p]
        inside\tTAGS: [inner, p]
`)
  })

  it('tags of each play', async () => {
    expect(await runText(['--list-tags'])).toBe(
      '\nplaybook: play.yaml\n\n  play #1 (web): first\tTAGS: [p]\n      TASK TAGS: [a, b, inner, p]\n',
    )
  })

  it('only what is chosen', async () => {
    expect(await runText(['--list-tasks', '--tags', 'a'])).toBe(
      '\nplaybook: play.yaml\n\n  play #1 (web): first\tTAGS: [p]\n    tasks:\n      say <%= own %>\tTAGS: [a, b, p]\n',
    )
  })

  const runText = async (args: readonly string[]): Promise<string> =>
    (await play(playbook, { files, args })).stdout
})
