import { describe, expect, it } from 'vitest'
import { typedValue } from '../../../runner/vars/typed.js'
import { play } from '../../support/playbook.js'

describe('text that stands for a value of a type', () => {
  it.each([
    ['yes', 'bool', true],
    ['On', 'bool', true],
    ['1', 'bool', true],
    ['FALSE', 'bool', false],
    ['n', 'bool', false],
    ['maybe', 'bool', 'maybe'],
    ['5', 'int', 5],
    [' -3 ', 'int', -3],
    ['5.5', 'int', '5.5'],
    ['12345678901234567890', 'int', '12345678901234567890'],
    ['5.5', 'float', 5.5],
    ['a, b', 'list', ['a', 'b']],
    ['', 'list', []],
    ['yes', 'str', 'yes'],
    ['5', undefined, '5'],
    ['yes', 'toString', 'yes'],
    [1, 'bool', 1],
  ])('%j as %s', (value, type, wanted) => expect(typedValue(value, { type })).toEqual(wanted))

  it('is converted in lists too', () =>
    expect(typedValue('1,x', { type: 'list', elements: 'int' })).toEqual([1, 'x']))
})

const role = {
  'roles/r/meta/argument_specs.yaml': `argument_specs:
  main:
    options:
      sure: { type: bool, default: false }
      replicas: { type: int }
      lost: { type: list, elements: str }
      label: { type: str }
  other: { options: { late: { type: bool } } }
`,
  'roles/r/defaults/main.yaml': 'sure: false\nreplicas: 1\nlost: []\nlabel: none\nlate: false\n',
  'roles/r/tasks/main.yaml':
    '- debug: { msg: "<%= JSON.stringify([sure, replicas, lost, label, late]) %>" }\n  when: sure\n',
}
const playbook = '- hosts: web\n  gather_facts: false\n  roles: [r]\n'
const said = ['h1: [true,5,["a","b"],"yes",true]']
const words = ['sure=yes', 'replicas=5', 'lost=a,b', 'label=yes', 'late=true']

describe('what a role says of its variables', () => {
  it('makes values of words on the command line', async () => {
    const ran = await play(playbook, { files: role, args: words.flatMap((word) => ['-e', word]) })
    expect(ran.messages).toEqual(said)
  })

  it('makes values of what an INI inventory says, and of answers', async () => {
    const files = {
      ...role,
      'inventory.yaml':
        '[web]\nh1 ansible_connection=local\n[web:vars]\nreplicas="5"\nsure=yes\nlate=true\nlost=a,b\n',
    }
    const asking = playbook.replace('  roles', '  vars_prompt: [{ name: label, prompt: which }]\n  roles')
    expect((await play(asking, { files, answers: ['yes'] })).messages).toEqual(said)
  })

  it('holds where the role is included, with a name that only the run knows, and for its whole play', async () => {
    const late = playbook.replace(
      'roles: [r]',
      'vars: { which: r }\n  tasks: [{ include_role: { name: <%= which %> } }]',
    )
    const args = words.flatMap((word) => ['-e', word])
    expect((await play(late, { files: role, args })).messages).toEqual(said)
    const around = `${playbook}  post_tasks: [{ debug: { msg: after }, when: sure }]\n`
    expect((await play(around, { files: role, args })).messages).toEqual([...said, 'h1: after'])
  })

  it('refuses words that mean no such value, before any host is touched', async () => {
    const ran = await play(playbook, { files: role, args: ['-e', 'sure=maybe', '-e', 'replicas=many'] })
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toContain("variable 'sure' must be of type bool, not string")
    expect(ran.stderr).toContain("variable 'replicas' must be of type int, not string")
    expect(ran.events).toEqual([])
  })

  it('leaves words as they are where no role has said what they are', async () => {
    const plain = playbook.replace('roles: [r]', 'tasks: [{ debug: { msg: "<%= typeof sure %>" } }]')
    expect((await play(plain, { files: role, args: ['-e', 'sure=yes'] })).messages).toEqual(['h1: string'])
  })
})
