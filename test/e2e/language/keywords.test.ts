import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runApp } from '../../../runner/app.js'
import { parseOptions } from '../../../runner/options.js'
import { findAnsible } from '../../support/ansible/ansible.js'
import { temporaryFolder } from '../../support/playbook.js'

const missing = findAnsible()
if (missing) console.error(`skipped: ${missing}`)

interface Told {
  readonly keywords: Readonly<Record<string, readonly string[]>>
  readonly lookups: readonly string[]
}
/** What ansible-core itself says. */
const told: Told = missing
  ? { keywords: {}, lookups: [] }
  : JSON.parse(
      execFileSync('/usr/bin/python3', [join(import.meta.dirname, 'ansible/keywords.py')], {
        encoding: 'utf8',
        env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
      }),
    )

/** Names of ansible-core's own code, which no playbook writes: `async` is kept as async_val, `with_…` as loop_with. */
const internal = ['async_val', 'loop_with', 'vars_val']

const page = readFileSync(join(import.meta.dirname, '../../../docs/keywords.md'), 'utf8')
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
