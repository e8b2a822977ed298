import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { play, temporaryFolder } from '../../support/playbook.js'

async function said(
  tasks: string,
  files: Readonly<Record<string, string>> = {},
  keywords = '',
): Promise<string> {
  const ran = await play(`- hosts: web\n  gather_facts: false\n${keywords}  tasks:\n${tasks}`, { files })
  expect(ran.stderr).toBe('')
  return ran.messages.map((line) => line.replace('h1: ', '')).join(' ')
}

const show = '    - debug: { msg: "<%= [item].flat().map(x => x?.key ?? x?.n ?? x).join() %>" }\n'

describe('with_…', () => {
  it.each([
    ['with_items: [a, [b, [c]]]', 'a b c'],
    ['with_items: a', 'a'],
    ['with_list: [a, [b, c]]', 'a b,c'],
    ['with_dict: { x: 1, y: 2 }', 'x y'],
    ['with_indexed_items: [a, b]', '0,a 1,b'],
    ['with_nested: [[a, b], [1, 2]]', 'a,1 a,2 b,1 b,2'],
    ['with_together: [[a, b], [1]]', 'a,1 b,'],
    ['with_sequence: start=2 end=6 stride=2 format=n%02d', 'n02 n04 n06'],
    ['with_sequence: { count: 3 }', '1 2 3'],
    ['with_sequence: "5-7"', '5 6 7'],
    ['with_sequence: 2-0x0a/4:n%02x', 'n02 n06 n0a'],
    ['with_sequence: 3', '1 2 3'],
    ['with_sequence: start=3 end=1 stride=-1', '3 2 1'],
    ['with_subelements: [[{ n: a, s: [1, 2] }, { n: b, s: [3] }], s]', 'a,1 a,2 b,3'],
    ['with_subelements: [[{ n: a }, { n: b, s: [3] }], s, { skip_missing: true }]', 'b,3'],
  ])('%s', async (loop, expected) => {
    expect(await said(`${show}      ${loop}\n`)).toBe(expected)
  })

  it('finds files', async () => {
    const files = { 'files/b.conf': '', 'files/a.conf': '', 'files/c.txt': '', 'two.yaml': '' }
    const base = (loop: string) => `    - debug: { msg: "<%= item.split('/').pop() %>" }\n      ${loop}\n`
    expect(await said(base("with_fileglob: ['*.conf']"), files)).toBe('a.conf b.conf')
    expect(await said(base('with_first_found: [one.yaml, two.yaml]'), files)).toBe('two.yaml')
    expect(await said(base('with_first_found: { files: [one.yaml], skip: true }'), files)).toBe('')
  })

  it.each([
    ['with_dict: [1]', /'with_dict' must be a mapping/],
    ['with_sequence: start=1 stop=3', /'with_sequence' wants/],
    ['with_sequence: 5-1', /does not come from 5 to 1/],
    ['with_first_found: [none]', /none of none is there/],
    ['loop: { a: 1 }', /with_dict/],
  ])('%s fails', async (loop, message) => {
    const ran = await play(`- hosts: web\n  gather_facts: false\n  tasks:\n${show}      ${loop}\n`)
    expect(ran.stdout).toMatch(message)
    expect(ran.exitCode).toBe(2)
  })

  it('refuses two loops, loop_control without one, and lookups that are not supported', async () => {
    const ran = await play(`- hosts: web
  tasks:
    - { debug: , loop: [1], with_items: [1] }
    - { debug: , loop_control: { label: x } }
    - { debug: , with_lines: ls }
`)
    expect(ran.stderr).toMatch(/one loop, this one has two/)
    expect(ran.stderr).toMatch(/'loop_control' without a loop/)
    expect(ran.stderr).toMatch(/'with_lines' is a keyword of Ansible's/)
  })
})

describe('loop_control', () => {
  it('that cannot be told is of no account where the task is left out', async () => {
    const left = (...tasks: string[]) =>
      play(
        `- hosts: web\n  gather_facts: false\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`,
        {
          files: { 'a.yaml': '- debug: { msg: not reached }\n' },
        },
      )
    const ran = await left(
      '{ command: echo a, register: x, when: false }',
      '{ debug: { msg: <%= item %> }, loop: <%= x.stdout_lines %>, when: x.rc === 0, register: y }',
      '{ include_tasks: a.yaml, loop: <%= x.stdout_lines %>, when: [true, false] }',
      '{ debug: { msg: <%= y.skipped %> } }',
    )
    expect(ran.trace).toEqual([
      'command h1: skipped',
      'debug h1: skipped',
      'include_tasks h1: skipped',
      'debug h1: ok',
    ])
    expect(ran.messages).toEqual(['h1: true'])
    for (const when of ['true', "item === 'a'"]) {
      const failed = await left(
        '{ command: echo a, register: x, when: false }',
        `{ debug: { msg: a }, loop: <%= x.stdout_lines %>, when: "${when}" }`,
      )
      expect(failed.stdout).toMatch(/play\.yaml:5:\d+: x\.stdout_lines is undefined/)
      expect(failed.exitCode).toBe(2)
    }
  })

  it('extended tells where the loop stands', async () => {
    const text =
      '<%= [ansible_loop.index, ansible_loop.index0, ansible_loop.revindex, ansible_loop.revindex0, ansible_loop.first, ansible_loop.last, ansible_loop.length, ansible_loop.previtem ?? 0, ansible_loop.nextitem ?? 0, ansible_loop.allitems?.length ?? 0].join() %>'
    const loop = `    - debug: { msg: "${text}" }\n      loop: [a, b]\n      loop_control: { extended: true }\n`
    expect(await said(loop)).toBe('1,0,2,1,true,false,2,0,b,2 2,1,1,0,false,true,2,a,0,2')
    expect(await said(loop.replace('true }', 'true, extended_allitems: false }'))).toBe(
      '1,0,2,1,true,false,2,0,b,0 2,1,1,0,false,true,2,a,0,0',
    )
  })

  it('break_when ends the loop', async () => {
    const loop = `    - debug: { msg: "<%= item %>" }
      register: out
      loop: [1, 2, 3, 4]
      loop_control: { break_when: "out.msg === '2' || out.msg === 2" }
`
    expect(await said(loop)).toBe('1 2')
  })

  it('extended holds for includes', async () => {
    const tasks =
      '    - { include_tasks: i.yaml, loop: [a, b], loop_control: { extended: true, loop_var: x, index_var: i } }\n'
    expect(
      await said(tasks, { 'i.yaml': '- debug: { msg: "<%= x %><%= i %><%= ansible_loop.last %>" }\n' }),
    ).toBe('a0false b1true')
  })

  it('until is tried for each item', async () => {
    const log = join(temporaryFolder(), 'log')
    const tasks = `    - shell: echo x >> ${log}; wc -l < ${log}
      register: out
      until: Number(out.stdout) >= item
      retries: 5
      delay: 0
      loop: [2, 4]
    - debug: { msg: "<%= out.results.map(r => r.stdout.trim() + '/' + r.attempts).join() %>" }
`
    expect(await said(tasks)).toBe('2/2,4/2')
  })
})

describe('spellings of the module', () => {
  it('action and local_action', async () => {
    const tasks = `    - action: debug msg=one
    - action: { module: debug, msg: two }
    - local_action: command echo three
      register: out
    - debug: { msg: "<%= out.stdout %>" }
    - debug: msg='four five'
`
    expect(await said(tasks)).toBe('one two three four five')
    const ran = await play('- hosts: web\n  gather_facts: false\n  tasks: [{ local_action: command true }]\n')
    expect(ran.stdout).toContain('"delegate":"localhost"')
  })

  it('refuses a module that is not known', async () => {
    const ran = await play('- hosts: web\n  tasks: [{ action: cpy src=a }]\n')
    expect(ran.stderr).toMatch(/'cpy' is not a module[\s\S]*did you mean 'copy'/)
  })
})

describe('module_defaults', () => {
  it('stand in for arguments that a task does not give; the inner ones win', async () => {
    const tasks = `    - debug:
    - debug: { msg: own }
    - { block: [{ debug:  }], module_defaults: { ansible.builtin.debug: { msg: block } } }
`
    expect(await said(tasks, {}, '  module_defaults: { debug: { msg: play } }\n')).toBe('play own block')
  })

  it('refuses what is no module, and checks the arguments', async () => {
    const ran = await play(
      '- hosts: web\n  module_defaults: { group/aws: { a: 1 }, file: { stat: x } }\n  tasks: [{ file: { path: /a } }]\n',
    )
    expect(ran.stderr).toContain("'group/aws' is not a module")
    expect(ran.stderr).toContain("'file' has no argument 'stat'")
  })
})
