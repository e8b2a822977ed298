import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runApp } from '../../../runner/app.js'
import { optionTable, parseOptions, refusedOptions } from '../../../runner/options.js'
import { findAnsible } from '../../support/ansible/ansible.js'
import { temporaryFolder } from '../../support/playbook.js'

const missing = findAnsible()
if (missing) console.error(`skipped: ${missing}`)

interface Told {
  readonly keywords: Readonly<Record<string, readonly string[]>>
  readonly lookups: readonly string[]
  readonly options: readonly {
    readonly names: readonly string[]
    readonly takes_value: boolean
    readonly repeats: boolean
  }[]
}
/** What ansible-core itself says. */
const told: Told = missing
  ? { keywords: {}, lookups: [], options: [] }
  : JSON.parse(
      execFileSync('/usr/bin/python3', [join(import.meta.dirname, 'ansible/keywords.py')], {
        encoding: 'utf8',
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
      }),
    )

/** Names of ansible-core's own code, which no playbook writes: `async` is kept as async_val, `with_…` as loop_with. */
const internal = ['async_val', 'loop_with', 'vars_val']

const docs = join(import.meta.dirname, '../../../docs')
const page = readFileSync(join(docs, 'keywords.md'), 'utf8')
const differences = readFileSync(join(docs, 'differences.md'), 'utf8')
const rows = page
  .split('\n')
  .flatMap((line) => (line.startsWith('| ') ? [line.slice(2, -2).split(' | ')] : []))
const places = rows[0]!.slice(1)
const nameOf = (cell = ''): string => cell.replaceAll('`', '')
const refused = rows.filter((row) => row.length === 2).map(([name]) => nameOf(name))
const supportedIn = (place: string) =>
  rows
    .filter((row) => row.length > 2 && row[places.indexOf(place) + 1]?.trim() === 'yes')
    .map(([name]) => nameOf(name))

describe.skipIf(missing)('the page of keywords has all that ansible-core knows', () => {
  it('at each place, as supported there or as refused', () => {
    expect(Object.keys(told.keywords).length).toBe(7)
    const lacks = Object.entries(told.keywords).flatMap(([place, names]) => {
      // What ansible-core takes there and ignores is refused there.
      const known = place === 'import_playbook' ? places.flatMap(supportedIn) : supportedIn(place)
      return names
        .filter((name) => ![...known, ...refused, ...internal].includes(name))
        .map((name) => `${place}: ${name}`)
    })
    expect(lacks).toEqual([])
  })

  it('and each lookup that a task can loop by', () => {
    expect(told.lookups).toContain('items')
    const known = [...supportedIn('task'), ...refused]
    expect(told.lookups.filter((name) => !known.includes(`with_${name}`))).toEqual([])
  })
})

describe.skipIf(missing)('the options of ansible-playbook', () => {
  it('are there with their long and short forms, or refused by name', () => {
    expect(told.options.length).toBeGreaterThan(30)
    const mine = new Map(
      Object.entries<(typeof optionTable)[keyof typeof optionTable]>(optionTable).flatMap(([name, row]) => {
        const names = [`--${name}`, ...('alias' in row ? [`--${row.alias}`] : [])]
        const short = 'short' in row ? [`-${row.short}`] : []
        const form = {
          takesValue: row.type === 'string',
          repeats: 'multiple' in row && row.type === 'string',
        }
        return [...names, ...short].map((each) => [each, { name, ...form }] as const)
      }),
    )
    for (const { names, takes_value: takesValue, repeats } of told.options) {
      if (names.every((name) => name.replace(/^-+/, '') in refusedOptions)) continue
      const found = names.map((name) => mine.get(name))
      expect({ names, found }).toEqual({
        names,
        found: names.map(() => ({ name: found[0]?.name, takesValue, repeats })),
      })
    }
  })

  it.each(Object.entries(refusedOptions))('%s is refused, with why', (name, why) => {
    const word = name.length === 1 ? `-${name}` : `--${name}`
    expect(() => parseOptions([word, 'x', 'play.yaml'])).toThrow(`unknown option ${word}\n  hint: ${why}`)
    expect(differences).toContain(`\`${word}\``)
  })
})

describe.skipIf(missing)('hosts, tasks and tags are listed as ansible-playbook lists them', () => {
  const one = `- name: first play
  hosts: web
  gather_facts: false
  tags: [p]
  roles: [r]
  tasks:
    - { name: one, debug: , tags: [b, a] }
    - { block: [{ debug: }], tags: x }
    - meta: noop
    - { name: named, meta: noop, tags: [b] }
  handlers: [{ name: h, debug: }]
- { hosts: h1, gather_facts: false, tasks: [] }
`
  const files = {
    'i.yaml': 'web: { hosts: { h1: } }\n',
    'one.yaml': one,
    'two.yaml': '- { hosts: all, gather_facts: false }\n',
    'roles/r/tasks/main.yaml': '- { name: in role, debug: }\n',
  }

  it.each([['--list-hosts'], ['--list-hosts', '--list-tasks', '--list-tags']])(
    '%s %s %s',
    async (...kinds) => {
      const dir = temporaryFolder(files)
      const args = ['-i', 'i.yaml', 'one.yaml', 'two.yaml', ...kinds]
      const theirs = execFileSync('ansible-playbook', args, { cwd: dir, encoding: 'utf8' })
      let mine = ''
      const never = new AbortController().signal
      const stdout = { write: (text: string) => (mine += text) }
      const world = { stdout, stderr: stdout, colour: false, cwd: dir, interrupt: () => undefined }
      const options = parseOptions(args.map((arg) => (arg === 'i.yaml' ? `${dir}/i.yaml` : arg)))
      await runApp(options, { ...world, stop: never, abort: never })
      expect(mine).toBe(theirs)
    },
  )
})
