import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runDoc } from '../../../runner/commands/doc.js'
import { useModules } from '../../../runner/modules/registry.js'
import { play, temporaryFolder } from '../../support/playbook.js'

const page = readFileSync(resolve(import.meta.dirname, '../../../docs/custom-modules.md'), 'utf8')
const written = (language: string) => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)![1]!
const example = written('ts')
const playbook = written('yaml')

afterEach(() => useModules([]))

test('the example of the page changes what it says, once, and nothing in check mode', async () => {
  const dir = temporaryFolder({ k3s: 'A=1\nOPTIONS="-q"\n', 'library/default_value.ts': example })
  const file = join(dir, 'k3s')
  const run = (...more: string[]) => play(playbook, { dir, args: ['-e', `file=${file}`, ...more] })
  expect((await run('--check')).trace.at(-1)).toBe('More log h1: changed')
  expect(readFileSync(file, 'utf8')).toBe('A=1\nOPTIONS="-q"\n')
  expect((await run()).trace.at(-1)).toBe('More log h1: changed')
  expect(readFileSync(file, 'utf8')).toBe('A=1\nOPTIONS="--debug"\n')
  expect((await run()).trace.at(-1)).toBe('More log h1: ok')
})

test('its arguments are checked before the run, and it has a page', async () => {
  const dir = temporaryFolder({ 'library/default_value.ts': example })
  const wrong = playbook.replace('key:', 'kye:').replace('<%= file %>', '/x')
  const ran = await play(wrong, { dir })
  expect(ran.exitCode).toBe(1)
  expect(ran.stderr).toContain("play.yaml:4:36: error: 'default_value' has no argument 'kye'")
  expect(ran.stderr).toContain("did you mean 'key'?")
  let text = ''
  await runDoc(['default_value'], (part) => (text += part), dir)
  expect(text).toContain('default_value: Keep one value of a file in /etc/default')
})

test('a module of a role, in JavaScript, with what it shares', async () => {
  const module = `import { twice } from './_shared.js'
import { defineModule, z } from 'tsplay'
export const say = defineModule({
  name: 'say',
  doc: { summary: 'Say it twice', examples: [] },
  args: z.strictObject({ text: z.string() }),
  probe: async (_host, args) => twice(args.text),
  diff: () => undefined,
  apply: async () => ({}),
  result: (_args, said) => ({ said }),
})`
  const ran = await play('- hosts: all\n  roles: [r]\n', {
    files: {
      'roles/r/library/say.mjs': module,
      'roles/r/library/_shared.js': 'export const twice = (text) => text + text',
      'roles/r/tasks/main.yaml': '- say: { text: a }\n  register: it\n- debug: { msg: "<%= it.said %>" }\n',
    },
  })
  expect(ran.messages).toEqual(['h1: aa'])
})

test('every mistake in every module, before any host is touched', async () => {
  const ran = await play('- hosts: all\n  tasks: []\n', {
    files: {
      'library/copy.js': 'exports.copy = { probe() {} }',
      'library/debug.js': 'exports.debug = { probe() {} }',
      'library/empty.ts': 'export const x: number = 1',
      'library/wrong.js': "exports.wrong = { name: 'other', doc: {}, args: {}, probe() {}, diff: 1 }",
      'library/throws.js': "throw new Error('no')",
    },
  })
  expect(ran.exitCode).toBe(1)
  for (const text of [
    "a module named 'copy' is there already: tsplay's own",
    "a module named 'debug' is there already: tsplay's own",
    'empty.ts exports no module',
    "its name is 'other', and that of its file 'wrong'",
    'args must be a schema',
    'diff must be a function',
    'the module could not be read: no',
  ])
    expect(ran.stderr).toContain(text)
})

test('a mistake of syntax, with its place', async () => {
  const ran = await play('- hosts: all\n  tasks: []\n', {
    files: { 'library/bad.ts': "export const bad = {\n  name: 'bad',,\n}\n" },
  })
  expect(ran.exitCode).toBe(1)
  expect(ran.stderr).toMatch(/library\/bad\.ts:2:15: error: /)
})
