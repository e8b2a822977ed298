import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findAnsible } from '../../support/ansible.js'

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
