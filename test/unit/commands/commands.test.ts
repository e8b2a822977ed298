import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { explainCommand } from '../../../runner/commands/explain.js'
import { inventoryCommand } from '../../../runner/commands/inventory.js'

const dir = mkdtempSync(join(tmpdir(), 'tsplay-commands-'))
const path = join(dir, 'hosts.yaml')
writeFileSync(
  path,
  [
    'server: {hosts: {s1: {v: host}, s2: }, vars: {v: group}}',
    'all:',
    '  vars:',
    `    end: "{{ hostvars[groups['server'][0]]['v'] | default('none') }}"`,
    '    v: all',
    '',
  ].join('\n'),
)
afterAll(() => rmSync(dir, { recursive: true }))

async function run(
  command: typeof explainCommand | typeof inventoryCommand,
  ...args: readonly string[]
): Promise<string> {
  const parts: string[] = []
  const stdout = { write: (part: string) => void parts.push(part) }
  expect(await command(['-i', path, ...args], { stdout, stderr: stdout, cwd: dir })).toBe(0)
  return parts.join('').replaceAll(path, 'PATH')
}

describe('tsplay explain', () => {
  it('tells the value, what won and what it hides', async () => {
    const lines = (await run(explainCommand, 's1', 'v')).split('\n')
    expect(lines[0]).toBe('v = "host"')
    expect(lines[1]).toMatch(/^ {2}set by PATH:1:23, s1, inventory-host-vars /)
    expect(lines[2]).toMatch(/^ {2}hides PATH:1:\d+, server, inventory-group-vars .*: "group"$/)
    expect(lines[3]).toMatch(/^ {2}hides PATH:\d+:5, all, .*: "all"$/)
  })

  it('evaluates what the inventory alone can tell', async () => {
    expect(await run(explainCommand, 's2', 'end')).toMatch(/^end = "host"\n/)
    expect(await run(explainCommand, 's2', 'group_names')).toContain('"server"')
  })

  it('counts -e, and a playbook that names the variable in one of its plays', async () => {
    const playbook = join(dir, 'play.yaml')
    writeFileSync(
      playbook,
      '- hosts: all\n  tasks: []\n- hosts: all\n  vars: { v: play, only: <%= v %>2 }\n  tasks: []\n',
    )
    expect(await run(explainCommand, 's1', 'only', 'play.yaml')).toMatch(
      /^only = "play2"\n {2}set by .*4:20, play-vars/,
    )
    const lines = (await run(explainCommand, '-e', 'v=given', 's1', 'v', 'play.yaml')).split('\n')
    expect(lines[0]).toBe('v = "given"')
    expect(lines[1]).toMatch(/^ {2}set by extra-vars /)
    expect(lines[2]).toMatch(/hides .*inventory-host-vars/)
    expect(lines.join()).toMatch(/play-vars \(.*\): "play"/)
  })

  it('knows the modules of library/', async () => {
    mkdirSync(join(dir, 'library'))
    const module = `import { defineModule, z } from 'tsplay'
export const own = defineModule({
  name: 'own', doc: { summary: 'x', examples: [] }, args: z.strictObject({ of: z.string() }),
  async probe() {}, diff: () => undefined, async apply() { return {} },
})`
    writeFileSync(join(dir, 'library/own.ts'), module)
    writeFileSync(join(dir, 'own.yaml'), '- hosts: all\n  tasks:\n    - own: { of: <%= v %> }\n')
    expect(await run(explainCommand, 's1', 'v', 'own.yaml')).toMatch(/^v = "host"\n/)
  })

  it('tells which value the tasks of each role see', async () => {
    const files = {
      'roles/one/defaults/main.yaml': 'w: one\n',
      'roles/two/defaults/main.yaml': 'w: two\n',
      'roles/two/vars/main.yaml': 'x: two\n',
      'roles/late/defaults/main.yaml': 'w: late\nown: late\n',
      'w.yaml': `- hosts: all
  roles: [one, two]
  tasks: [{ include_role: { name: late }, vars: { x: param } }]
`,
    }
    for (const name of ['one', 'two', 'late']) {
      mkdirSync(join(dir, `roles/${name}/tasks`), { recursive: true })
      writeFileSync(join(dir, `roles/${name}/tasks/main.yaml`), '- debug: { msg: <%= w %> }\n')
    }
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true })
      writeFileSync(join(dir, name), text)
    }
    const headings = (text: string) => text.split('\n').filter((line) => /^\S/.test(line))
    const explained = async (...args: string[]) => headings(await run(explainCommand, 's1', ...args))
    expect(await explained('w', 'w.yaml')).toEqual([
      'w = "two"',
      'role one:',
      'w = "one"',
      'role late:',
      'w = "late"',
    ])
    expect(await explained('w', 'w.yaml', '--role', 'one')).toEqual(['role one:', 'w = "one"'])
    expect(await explained('x', 'w.yaml')).toEqual(['x = "two"', 'role late:', 'x = "param"'])
    expect(await explained('own', 'w.yaml')).toEqual(['role late:', 'own = "late"'])
    await expect(explained('w', 'w.yaml', '--role', 'lat')).rejects.toThrow(/did you mean late/)
    await expect(explained('v', '--role', 'late')).rejects.toThrow(/name a playbook/)
  })

  it('shows no value that a role calls secret', async () => {
    const spec = 'argument_specs: { main: { options: { hush: { type: str, no_log: true } } } }\n'
    mkdirSync(join(dir, 'roles/r/meta'), { recursive: true })
    writeFileSync(join(dir, 'roles/r/meta/argument_specs.yaml'), spec)
    writeFileSync(join(dir, 'secret.yaml'), '- hosts: all\n  vars: { hush: s3cret }\n  roles: [r]\n')
    expect(await run(explainCommand, 's1', 'hush', 'secret.yaml')).toMatch(/^hush = \(secret\)\n/)
  })

  it.each([
    [['s1', 'vv'], /nothing defines vv for s1/],
    [['-e', 'x', 's1', 'v'], /--extra-vars wants/],
    [['server', 'v'], /more than one host/],
    [['s1'], /say which/],
  ])('%j is a mistake', async (args, message) => {
    await expect(run(explainCommand, ...args)).rejects.toThrow(message)
  })
})

describe('tsplay inventory', () => {
  it('prints templates as they are written, and honours --limit', async () => {
    const view = JSON.parse(await run(inventoryCommand, '--list', '--limit', 's2'))
    expect(view.server).toEqual({ hosts: ['s2'] })
    expect(view._meta.hostvars.s2.end).toMatch(/^\{\{ hostvars/)
    expect(Object.keys(view._meta.hostvars)).toEqual(['s2'])
  })

  it('prints YAML and a graph', async () => {
    expect(await run(inventoryCommand, '--host', 's2', '--yaml')).toMatch(/^end: .*\nv: group\n$/)
    expect(await run(inventoryCommand, '--graph', 'server')).toBe('@server:\n  |--s1\n  |--s2\n')
  })

  it.each([
    [[], /say one of/],
    [['--list', '--graph'], /say one of/],
    [['--graph', 'servr'], /did you mean server/],
    [['--lst'], /did you mean --list/],
    [['--host', 'server'], /more than one host/],
  ])('%j is a mistake', async (args, message) => {
    await expect(run(inventoryCommand, ...args)).rejects.toThrow(message)
  })
})
