import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const show = '  tasks: [{ debug: { msg: <%= colour %> } }]\n'
const playbook = (files: string, more = '  gather_facts: false\n') =>
  `- hosts: web\n${more}  vars: { base: grey }\n  vars_files: ${files}\n${show}`

describe('vars_files with templates in their names', () => {
  it('give each host its own', async () => {
    const ran = await play(playbook('["vars/<%= own %>.yaml"]'), {
      hosts: 2,
      files: { 'vars/1.yaml': 'colour: red\n', 'vars/2.yaml': 'colour: <%= base %>\n' },
    })
    expect(ran.messages).toEqual(['h1: red', 'h2: grey'])
  })

  it('may name facts, which are gathered before they are needed; lists fall back', async () => {
    const ran = await play(
      playbook('[["<%= facts.os.family %>-none.yaml", "<%= facts.hostname %>-none.yaml", all.yaml]]', ''),
      {
        files: { 'vars/all.yaml': 'colour: blue\n', 'vars/x-none.yaml': 'colour: red\n' },
      },
    )
    expect(ran.stderr).toBe('')
    expect(ran.messages).toEqual(['h1: blue'])
  })

  it('keep their place among the others: the later wins, and -e over all', async () => {
    const files = { 'vars/1.yaml': 'colour: red\n', 'last.yaml': 'colour: green\n' }
    const [late, early] = ['["<%= own %>.yaml", last.yaml]', '[last.yaml, "<%= own %>.yaml"]']
    expect((await play(playbook(late), { files })).messages).toEqual(['h1: green'])
    expect((await play(playbook(early), { files })).messages).toEqual(['h1: red'])
    expect((await play(playbook(early), { files, args: ['-e', 'colour=pink'] })).messages).toEqual([
      'h1: pink',
    ])
  })

  it('are passed over as long as there are no facts to name them', async () => {
    const named = playbook('["<%= facts.os.family %>.yaml"]').replace(
      '<%= colour %>',
      "<%= vars.colour ?? 'none' %>",
    )
    const ran = await play(named, { files: { 'vars/any.yaml': 'colour: red\n' } })
    expect(ran.messages).toEqual(['h1: none'])
  })

  it('fail a host, once its facts are known, that has none', async () => {
    const ran = await play(playbook('["<%= facts.os.family %>-x.yaml"]', ''), {
      files: { 'vars/other-x.yaml': 'colour: red\n' },
    })
    expect(ran.exitCode).toBe(2)
    expect(ran.stdout).toMatch(/no such file of variables: \S+-x\.yaml/)
  })

  it('are missed before the run where the name is known', async () => {
    const ran = await play(playbook('["<%= own %>.yaml"]'), {
      hosts: 2,
      files: { 'vars/1.yaml': 'colour: red\n' },
    })
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toMatch(/play\.yaml:4:16: error: no such file of variables: 2\.yaml \(for h2\)/)
    expect(ran.events).toEqual([])
  })

  it.each([
    [
      'a name that no file fits',
      '["<%= own %>-x.yaml"]',
      {},
      /no file of variables can be meant: <%= own %>-x\.yaml/,
    ],
    [
      'a name that nothing defines',
      '["<%= owned %>.yaml"]',
      { 'vars/1.yaml': 'colour: red\n' },
      /nothing defines the variable 'owned'/,
    ],
    [
      'a mistake in any file that fits',
      '["<%= facts.os.family %>.yaml"]',
      { 'vars/1.yaml': 'colour: red\n', 'vars/2.yaml': 'colour: [\n' },
      /vars\/2\.yaml:\d+:\d+/,
    ],
    [
      'an undefined name in any of them',
      '["<%= facts.os.family %>.yaml"]',
      { 'vars/1.yaml': 'colour: <%= reed %>\n' },
      /nothing defines the variable 'reed'/,
    ],
  ])('%s is refused before the run', async (_, names, files, says) => {
    const ran = await play(playbook(names), { files })
    expect(ran.exitCode).toBe(1)
    expect(ran.stderr).toMatch(says)
    expect(ran.events).toEqual([])
  })
})
