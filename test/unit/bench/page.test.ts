import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { replaceSection, table } from '../../../scripts/bench/page.js'

const page = 'before\n<!-- a -->\nold\n<!-- /a -->\nbetween\n<!-- ab -->\n<!-- /ab -->\n'

describe('replaceSection', () => {
  it('replaces that section alone, and again gives the same', () => {
    const once = replaceSection(page, 'a', 'new $& \n')
    expect(once).toBe(page.replace('old', () => 'new $&'))
    expect(replaceSection(once, 'a', 'new $&')).toBe(once)
  })
  it('refuses a section that is not there', () =>
    expect(() => replaceSection(page, 'b', 'new')).toThrow("no section 'b'"))

  it.each(['mix', 'round-trips', 'true-100', 'scale', 'start-up', 'second-run'])(
    'finds the section %s in the page',
    (name) => {
      const text = readFileSync(new URL('../../../docs/benchmarks.md', import.meta.url), 'utf8')
      expect(replaceSection(text, name, 'measured')).toContain(
        `<!-- ${name} -->\nmeasured\n<!-- /${name} -->`,
      )
    },
  )
})

it('writes Markdown tables', () => {
  expect(table(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |')
})
