import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Diagnostic } from '../../../runner/errors.js'
import type { Node } from '../../../runner/syntax/node.js'
import { readPlainYaml } from '../../../runner/syntax/plain-yaml.js'
import { parseAnyYaml } from '../../../runner/syntax/yaml.js'

const root = resolve(import.meta.dirname, '../../..')

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : /\.ya?ml$/.test(name) ? [path] : []
  })
}

const texts = ['roles', 'playbooks', 'inventories', 'test/e2e', 'test/cases', 'test/unit'].flatMap((folder) =>
  filesBelow(join(root, folder)).map((path) => readFileSync(path, 'utf8')),
)

/** What both readers say; where the quick one gives up, it says nothing. */
function both(text: string) {
  const file = { path: 'x.yaml', text }
  const [quick, full]: [Diagnostic[], Diagnostic[]] = [[], []]
  const node = readPlainYaml(file, (each) => quick.push(each))
  return { node, quick, other: parseAnyYaml(file, (each) => full.push(each), false), full }
}

/** Where a block ends is a matter of taste: before or after the comments that follow it. */
function trimmed(node: Node | undefined): unknown {
  if (!node) return undefined
  const { file, start, end } = node.span
  const isBlock = node.kind !== 'scalar' && !/[[{]/.test(file.text[start]!)
  const place = isBlock ? [start] : [start, end]
  if (node.kind === 'scalar') return [node.value, node.style, node.raw, place]
  if (node.kind === 'sequence') return [place, node.items.map(trimmed)]
  return [
    place,
    node.entries.map(({ key, keySpan, value }) => [key, keySpan.start, keySpan.end, trimmed(value)]),
  ]
}

function expectSame(text: string): boolean {
  const { node, quick, other, full } = both(text)
  if (!node) {
    expect(quick).toEqual([])
    return false
  }
  expect(trimmed(node), text).toEqual(trimmed(other))
  expect(quick).toEqual(full)
  return true
}

describe('the reader of the plain part of YAML', () => {
  it('reads what the parser of all of YAML reads, and most of what ships', () => {
    const read = texts.filter(expectSame)
    expect(read.length).toBeGreaterThan(texts.length / 2)
  })

  it.each([
    'a: 1.30\nb: 0644\nc: yes\n',
    'a: |\n  one\n\n   two\n\nb: >-\n  one\n  two\n\n  three\n',
    'a:\n- b: [x, "y", { z: \'it\'\'s\' }] # said\n  c:\n- d: "q\\n\\"\\\\"\n',
    '---\na: <%= b %>/<%= c %>\nd: { e: <%= f %>, g: https://h/i?j=k&l }\n',
  ])('takes %j', (text) => expect(expectSame(text)).toBe(true))

  it.each([
    'a: *b\n',
    'a: &b c\n',
    'a: !!str 1\n',
    'a: b: c\n',
    'a: b\n  c\n',
    'a: "b\n  c"\n',
    'a:\tb\n',
    'a: b\n b: c\n',
    'a: b\na: c\n',
    '<<: { a: 1 }\n',
    'a: |2\n   b\n',
    'a: [b,\n  c]\n',
    'a: b\n---\nc: d\n',
    'a: {{ b }}\n',
    'a: { b: <%= c(d, e) %> }\n',
    '- a\nb: c\n',
    'a: b\n- c\n',
    'a: "\\x41"\n',
    'a: @b\n',
    '? a\n: b\n',
    'a',
    'a: b',
    '',
    '# nothing\n',
    '- - a\n',
    'a: { b: c, b: d }\n',
    'a: [b: c]\n',
    'a: 123456789012345678901\n',
  ])('gives %j up', (text) => expect(expectSame(text)).toBe(false))

  it('folds lines as the other does', () => {
    const line = fc.constantFrom('  a', '  b c', '    d', '     e', '', '', '   ', 'x: y')
    const lines = fc.array(line, { minLength: 1, maxLength: 9 })
    let read = 0
    fc.assert(
      fc.property(lines, fc.constantFrom('>', '>-', '|', '|-'), (each, mark) => {
        if (expectSame(`k: ${mark}\n${each.join('\n')}\n`)) read++
      }),
      { numRuns: 500 },
    )
    // Random: half of the usual is enough to show that it was not all given up.
    expect(read).toBeGreaterThan(50)
  })

  it('never reads anything otherwise than the other, whatever stands in a file', () => {
    const piece = fc.constantFrom(
      ...[
        'a',
        'b: ',
        '- ',
        ': ',
        ':',
        '\n',
        '\n  ',
        '\n    ',
        '\n\n',
        ' ',
        ' # c',
        '#',
        '"',
        "'",
        '|',
        '>',
        '>-',
        '|-\n',
        '[',
        ']',
      ],
      ...[
        '{',
        '}',
        ', ',
        ',',
        '\\',
        '<%= x %>',
        '<%',
        '%>',
        '&a',
        '*a',
        '!t',
        '1',
        '1.30',
        '~',
        'yes',
        '---\n',
        '...',
        '-',
        '?',
        '\t',
        '<<: ',
      ],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => void expectSame(`k: ${pieces.join('')}\n`)),
      { numRuns: 400 },
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => void expectSame(`${pieces.join('')}\n`)),
      { numRuns: 400 },
    )
    const changed = fc.record({
      text: fc.constantFrom(...texts.filter((text) => text.length < 3000)),
      at: fc.nat(),
      cut: fc.nat(3),
      piece,
    })
    fc.assert(
      fc.property(changed, ({ text, at, cut, piece: more }) => {
        const place = at % text.length
        expectSame(text.slice(0, place) + more + text.slice(place + cut))
      }),
      { numRuns: 200 },
    )
  })
})
