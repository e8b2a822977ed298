import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const playbook = '- hosts: web\n  gather_facts: false\n  roles: [r]\n'
const tasks = { 'roles/r/tasks/main.yaml': '- debug: { msg: ran }\n' }

/** A role whose entry point `main` has this in its specs, one line below `main:`. */
const spec = (lines: string) => ({
  ...tasks,
  'roles/r/meta/argument_specs.yaml': `argument_specs:\n  main:\n    ${lines}\n`,
})
const option = (fields: string) => spec(`options: { x: ${fields} }`)

describe("a role's meta", () => {
  const meta = (text: string) => play(playbook, { files: { ...tasks, 'roles/r/meta/main.yaml': text } })

  it.each([
    ['dependancies: [s]', '1:1', /unknown key 'dependancies' in a role's meta[\s\S]*'dependencies'/],
    ['allow_duplicate: true', '1:1', /unknown key 'allow_duplicate'[\s\S]*'allow_duplicates'/],
    ['dependencies: s', '1:15', /'dependencies' must be a list, not text/],
    ['allow_duplicates: maybe', '1:19', /'allow_duplicates' must be true or false/],
  ])('%s', async (text, place, says) => {
    const ran = await meta(`${text}\n`)
    expect(ran.stderr).toContain(`main.yaml:${place}: error:`)
    expect(ran.stderr).toMatch(says)
    expect(ran.exitCode).toBe(1)
  })

  it('may hold what others read of it', async () => {
    const ran = await meta('galaxy_info: { author: a }\ncollections: [c.d]\ndependencies:\n')
    expect(ran).toMatchObject({ stderr: '', messages: ['h1: ran'] })
  })
})

describe('include_role and import_role', () => {
  const strict = option('{ required: true }')

  it.each(['include_role', 'import_role'])('%s checks the argument spec, or not', async (word) => {
    const tasks = (validate: boolean) =>
      `- hosts: web\n  gather_facts: false\n  tasks: [{ ${word}: { name: r, rolespec_validate: ${validate} } }]\n`
    const ran = await play(tasks(false), { files: strict })
    expect(ran).toMatchObject({ stderr: '', exitCode: 0, messages: ['h1: ran'] })
    const checked = await play(tasks(true), { files: strict })
    expect(checked.stderr).toContain("requires the variable 'x'")
  })

  it.each([
    ['rolespec_validation: false', '2:38', /did you mean 'rolespec_validate'/],
    ['rolespec_validate: maybe', '2:57', /'rolespec_validate' must be true or false/],
    ['allow_duplicates: maybe', '2:56', /'allow_duplicates' must be true or false/],
  ])('%s', async (word, place, says) => {
    const ran = await play(`- hosts: web\n  tasks: [{ include_role: { name: r, ${word} } }]\n`, {
      files: tasks,
    })
    expect(ran.stderr).toContain(`play.yaml:${place}: error:`)
    expect(ran.stderr).toMatch(says)
    expect(ran.exitCode).toBe(1)
  })
})

it('ansible.builtin.import_playbook is import_playbook', async () => {
  const files = { 'other.yaml': '- hosts: web\n  gather_facts: false\n  tasks: [{ debug: { msg: ran } }]\n' }
  const ran = await play('- ansible.builtin.import_playbook: other.yaml\n', { files })
  expect(ran).toMatchObject({ stderr: '', messages: ['h1: ran'] })
})

describe('argument specs that cannot be', () => {
  it.each([
    ['{ type: strng }', '3:27', /'type' of the option 'x' .* is no type: 'strng'[\s\S]*known: str, path/],
    ['{ type: list, elements: bol }', '3:43', /'elements' .* is no type: 'bol'[\s\S]*'bool'/],
    ['{ requierd: true }', '3:21', /unknown key 'requierd'[\s\S]*did you mean 'required'/],
    ['{ chioces: [a] }', '3:21', /unknown key 'chioces'[\s\S]*did you mean 'choices'/],
    ['', '3:20', /the option 'x' of the entry point 'main' must be a mapping, not nothing/],
    ['{ required: maybe }', '3:31', /'required' .* must be true or false/],
    ['{ choices: a }', '3:30', /'choices' .* must be a list/],
    ['{ type: dict, options: { y: { type: itn } } }', '3:55', /'type' of the option 'y' of .*'int'/s],
    ['{ aliases: [z] }', '3:21', /'aliases' .* tsplay does not support it[\s\S]*assert/],
  ])('%s', async (fields, place, says) => {
    const ran = await play(playbook, { files: option(fields) })
    expect(ran.stderr).toMatch(says)
    expect(ran.stderr).toMatch(new RegExp(`argument_specs\\.yaml:${place}: error`))
    expect(ran.exitCode).toBe(1)
    expect(ran.events).toEqual([])
  })

  it.each([
    [spec('optoins: {}'), /unknown key 'optoins' in the entry point 'main'[\s\S]*did you mean 'options'/],
    [spec('options: [x]'), /'options' of the entry point 'main' must be a mapping, not a list/],
    [
      { ...tasks, 'roles/r/meta/argument_specs.yaml': 'argument_spec: {}\n' },
      /did you mean 'argument_specs'/,
    ],
    [
      { ...tasks, 'roles/r/meta/main.yaml': 'argument_specs: { main: { options: { x: } } }\n' },
      /main\.yaml:1:41: error: the option 'x'/,
    ],
  ])('%j', async (files, says) => {
    const ran = await play(playbook, { files })
    expect(ran.stderr).toMatch(says)
    expect(ran.exitCode).toBe(1)
  })

  it.each([
    ['json', '{ a: 1 }', 5],
    ['jsonarg', "'[1]'", 5],
    ['bytes', '1.5GB', '10MBit'],
    ['bits', '10Mb', '10MB'],
  ])('%s is a type of Ansible', async (type, good, bad) => {
    const files = option(`{ type: ${type} }`)
    const vars = (value: unknown) => playbook.replace('roles', `vars: { x: ${value} }\n  roles`)
    expect(await play(vars(good), { files })).toMatchObject({
      stderr: '',
      exitCode: 0,
      messages: ['h1: ran'],
    })
    const ran = await play(vars(bad), { files })
    expect(ran.stderr).toMatch(new RegExp(`play\\.yaml:3:14: error: variable 'x' must be of type ${type}`))
    expect(ran.exitCode).toBe(1)
  })
})
