import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const outer = (more = '') =>
  `- hosts: web\n  gather_facts: false\n  tasks:\n    - include_tasks: in.yaml\n      loop: [a, b]\n${more}`
const inner = (more = '') => `- block:\n    - debug: { msg: <%= item %> }\n      loop: [1]\n${more}`
const named = '      loop_control: { loop_var: outer }\n'

describe('loops within the loop of an include', () => {
  it('whose items have the same name are warned of, and run', async () => {
    const ran = await play(outer(), { files: { 'in.yaml': inner() } })
    expect(ran.stderr).toMatch(/in\.yaml:3:13: warning: the items of this loop are called 'item'/)
    expect(ran.messages).toEqual(['h1: 1', 'h1: 1'])
  })

  it('are warned of also where another file is between them, and once', async () => {
    const files = { 'in.yaml': '- include_tasks: deep.yaml\n', 'deep.yaml': inner() }
    const { stderr } = await play(outer(), { files })
    expect(stderr.match(/warning/g)).toHaveLength(1)
    expect(stderr).toMatch(/deep\.yaml:3:13/)
  })

  it.each([
    ['the outer items have a name of their own', outer(named), inner()],
    ['the inner items have one', outer(), inner(named)],
    ['the inner task does not loop', outer(), '- debug: { msg: <%= item %> }\n'],
  ])('are fine where %s', async (_, playbook, file) => {
    const ran = await play(playbook, { files: { 'in.yaml': file.replace(/<%= item %>/, 'x') } })
    expect(ran.stderr).toBe('')
  })
})
