import { describe, expect, it } from 'vitest'
import { play } from '../../support/playbook.js'

const playOf = (keyword: string, ...tasks: readonly string[]) =>
  `- hosts: web\n  gather_facts: false\n  ${keyword}\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`

describe("a play's keywords whose values the command line gives", () => {
  it('are on or off in the words that Ansible knows', async () => {
    const tasks = ["command: 'false'", 'debug: { msg: <%= ansible_play_hosts.length %> }']
    const ignores = (x: string) =>
      play(playOf('ignore_errors: <%= vars.x %>', ...tasks), { args: ['-e', `x=${x}`] })
    expect(await ignores('Yes')).toMatchObject({ exitCode: 0, messages: ['h1: 1'] })
    expect(await ignores('off')).toMatchObject({ exitCode: 2, messages: [] })
    const handlers = '  handlers: [{ name: h, debug: { msg: handled } }]\n'
    const fails = ["{ command: 'true', notify: h }", "command: 'false'"]
    const forced = await play(playOf('force_handlers: <%= vars.x %>', ...fails) + handlers, {
      args: ['-e', 'x=true'],
    })
    expect(forced.messages).toEqual(['h1: handled'])
  })

  it.each([
    ['force_handlers: <%= vars.x %>', `4:19: error: 'force_handlers' must be true or false, not "maybe"`],
    ['max_fail_percentage: <%= vars.x %>', `4:24: error: 'max_fail_percentage' must be a number or a perc`],
  ])('are checked before the run: %s', async (keyword, says) => {
    const text = playOf(keyword, 'debug: { msg: a }').replace('- hosts: web\n', '- name: n\n  hosts: web\n')
    const ran = await play(text, { args: ['-e', 'x=maybe'] })
    expect(ran.stderr).toContain(says)
    expect(ran).toMatchObject({ exitCode: 1, messages: [] })
  })

  it('fail the play where they cannot be told before it: serial', async () => {
    const ran = await play(playOf('serial: <%= vars.x %>', 'debug: { msg: a }'), { args: ['-e', 'x=maybe'] })
    expect(ran.stdout).toContain("'serial' must be a number or a percentage, not 'maybe'")
    expect(ran).toMatchObject({ exitCode: 2, messages: [], stats: { h1: { failed: 1 } } })
  })

  it('are shown as they are written: name', async () => {
    const ran = await play(playOf('name: on <%= facts.os.name %>', 'debug: { msg: a }'))
    expect(ran.events).toContainEqual(expect.objectContaining({ play: 'on <%= facts.os.name %>' }))
    expect(ran.messages).toEqual(['h1: a'])
  })

  it('may be a list of mappings: environment', async () => {
    const ran = await play(
      playOf(
        'environment: [{ A: 1, B: 1 }, <%= more %>]\n  vars: { more: { B: 2 } }',
        'command: printenv A B\n      register: r',
        `debug: { msg: "<%= r.stdout_lines.join() %> <%= environment.length %>" }`,
      ),
    )
    expect(ran.messages).toEqual(['h1: 1,2 2'])
    const refused = await play(playOf("environment: [<%= 'a' %>]", 'command: id'))
    expect(refused.stdout).toContain("'environment' must be a mapping or a list of them, not")
  })
})
