import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { replaceBetween, table } from '../../../scripts/bench/page.js'

const page = 'before\n<!-- a -->\nold\n<!-- /a -->\nbetween\n<!-- ab -->\n<!-- /ab -->\n'

describe('replaceBetween', () => {
  it('replaces what stands there alone, and again gives the same', () => {
    const once = replaceBetween(page, 'a', '\nnew $&\n')
    expect(once).toBe(page.replace('old', () => 'new $&'))
    expect(replaceBetween(once, 'a', '\nnew $&\n')).toBe(once)
  })
  it('refuses a place that is not there', () =>
    expect(() => replaceBetween(page, 'b', 'new')).toThrow("no place 'b'"))

  const sections = ['mix', 'round-trips', 'true-100', 'scale', 'upload', 'start-up', 'second-run']
  const places = sections.map((name) => ['docs/benchmarks.md', name] as const)
  it.each([...places, ['README.md', 'second-run'] as const])('finds in %s the place %s', (file, name) => {
    const text = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')
    expect(replaceBetween(text, name, 'measured')).toContain(`<!-- ${name} -->measured<!-- /${name} -->`)
  })
})

it('writes Markdown tables', () => {
  expect(table(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |')
})
