import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { runDoc } from '../../../runner/commands/doc.js'
import { argumentsOf, docMarkdown, docText } from '../../../runner/modules/doc.js'
import type { AnyModule } from '../../../runner/modules/module.js'
import { findModule, modules } from '../../../runner/modules/registry.js'

const told = async (...names: string[]) => {
  let page = ''
  expect(await runDoc(names, (part) => (page += part))).toBe(0)
  return page
}

test('arguments with their types, defaults and descriptions', () => {
  const rows = Object.fromEntries(argumentsOf(findModule('wait_for')!).map((row) => [row.name, row]))
  expect(rows.port).toMatchObject({ type: 'integer', required: false })
  expect(rows.timeout).toMatchObject({ type: 'number', default: '300' })
  expect(rows.state?.type).toBe('started | stopped | present | absent | drained')
  const copy = Object.fromEntries(argumentsOf(findModule('copy')!).map((row) => [row.name, row]))
  expect(copy.dest).toMatchObject({ type: 'text', required: true })
  expect(copy.backup).toMatchObject({ type: 'boolean', default: 'false' })
  expect(copy.mode?.type).toBe('preserve | text')
})

test('the page of a module at the terminal', async () => {
  const page = await told('ansible.builtin.lineinfile')
  expect(page).toContain('lineinfile: Make sure that a line is in a file')
  expect(page).toContain('  regexp  (text)\n      A JavaScript regular expression.')
  expect(page).toContain('examples:\n\n  - name: No swap at boot')
  for (const line of page.split('\n')) expect(line.length).toBeLessThan(160)
})

test('the fields of an argument that is a mapping', async () => {
  const page = await told('k8s_node')
  expect(page).toContain('  drain.timeout  (number, default 300)\n      How long pods may take to go.')
  expect(docMarkdown(findModule('k8s_node')!)).toContain('| `drain.force` | boolean | `false` |')
})

test('other names of arguments: each of an argument that is there, and none that is one itself', () => {
  expect(docMarkdown(findModule('ufw')!)).toContain('Source address or network. Also called `src`, `from`.')
  for (const module of Object.values(modules)) {
    const names = argumentsOf(module).map(({ name }) => name)
    for (const [alias, name] of Object.entries(module.aliases ?? {})) {
      expect(names).toContain(name)
      expect(names).not.toContain(alias)
    }
  }
})

test('arguments that are conditions', async () => {
  expect(await told('assert')).toContain('  that  (condition | list of conditions, required)')
})

test('all of them in a line each, and a name that is near to one', async () => {
  const lines = (await told()).trimEnd().split('\n')
  expect(lines.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['assert', 'copy', 'user']))
  await expect(told('copi')).rejects.toThrow("did you mean 'copy'?")
})

test.each(Object.values(modules))(
  '$name: every example is a task whose arguments it knows',
  (module: AnyModule) => {
    const known = argumentsOf(module).map((row) => row.name)
    for (const example of module.doc.examples) {
      const [task] = parse(example) as Record<string, unknown>[]
      const key = Object.keys(task!).find((name) => findModule(name) === module)
      expect(key, example).toBeDefined()
      const given = task![key!]
      if (typeof given === 'object' && given !== null)
        expect(known).toEqual(expect.arrayContaining(Object.keys(given)))
      else if (given !== null) expect(module.freeForm).toBeDefined()
    }
    expect(docText(module)).toContain(module.doc.summary)
    expect(docMarkdown(module)).toContain(`## ${module.name}`)
  },
)
