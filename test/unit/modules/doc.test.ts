import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { runDoc } from '../../../runner/commands/doc.js'
import { argumentsOf, docMarkdown, docText } from '../../../runner/modules/doc.js'
import type { AnyModule } from '../../../runner/modules/module.js'
import { refusedArguments } from '../../../runner/modules/refused.js'
import { findModule, modules } from '../../../runner/modules/registry.js'
import { directives } from '../../../runner/plan/action-names.js'
import { directiveDocs } from '../../../runner/plan/directives.js'
import { roleFlags, roleNames } from '../../../runner/plan/include.js'
import { metaActions } from '../../../runner/plan/plan.js'

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

test.each(directiveDocs)(
  '$name: what the planner itself understands has its page',
  async ({ name, doc, freeForm }) => {
    const page = await told(`ansible.builtin.${name}`)
    expect(page).toContain(`${name}: ${doc.summary}`)
    for (const example of doc.examples) {
      const [task] = parse(example) as Record<string, unknown>[]
      if (typeof task![name] === 'string') expect(page).toMatch(freeForm ? `sets ${freeForm}` : 'free_form')
    }
  },
)

test('every word of meta, every argument of a role, every directive', async () => {
  const page = (await told('meta')).replaceAll(/\s+/g, ' ')
  for (const action of metaActions) expect(page).toContain(`\`${action}\`: `)
  const names = argumentsOf(directiveDocs.find(({ name }) => name === 'include_role') as never)
  expect(names.map(({ name }) => name).sort()).toEqual([...roleNames, ...roleFlags, 'apply'].sort())
  const lines = (await told()).trimEnd().split('\n')
  expect(lines.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining([...directives]))
})

test('arguments of Ansible’s that are refused by name, with what to do instead', async () => {
  expect(await told('apt')).toContain('not taken, unlike in Ansible:\n  policy_rc_d\n      mask the service')
  const page = docMarkdown(findModule('file')!)
  expect(page).toContain('- `attributes`, `attr`: attributes of a file system are set with command: chattr')
  for (const [name, refused] of Object.entries(refusedArguments)) {
    const module = findModule(name)!
    const known = argumentsOf(module).map((row) => row.name)
    const taken = [...known, ...Object.keys(module.aliases ?? {})]
    expect(Object.keys(refused).filter((argument) => taken.includes(argument))).toEqual([])
  }
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
