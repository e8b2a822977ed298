import { parseExpressionAt } from 'acorn'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainNames } from '../../../runner/expression/plain-names.js'
import { analyse } from '../../../runner/expression/walk.js'

/** What the parser says of a text: the free names with their places, or that it is no expression that is allowed. */
function parsedNames(text: string): Record<string, number> | 'refused' {
  try {
    const options = { ecmaVersion: 2022, sourceType: 'module', preserveParens: true } as const
    const tree = parseExpressionAt(text, 0, options)
    if (text.slice(tree.end).trim() !== '' || tree.type === 'SequenceExpression') return 'refused'
    const { free, findings } = analyse(tree)
    return findings.length > 0
      ? 'refused'
      : Object.fromEntries([...free].map(([key, { start }]) => [key, start]))
  } catch {
    return 'refused'
  }
}

describe('plain expressions', () => {
  it.each([
    "facts.os.family === 'debian'",
    'written_7.changed && numbers.length > 3',
    '!(a || b?.c) && d[0]',
    "list.includes(item, 'x') || vars.name ?? 1",
    "groups['server'].length + 1 <= count",
    '  name  ',
  ])('%s', (text) => {
    const names = plainNames(text)
    if (text.includes('??')) expect(names).toBeUndefined()
    else expect(Object.fromEntries(names!)).toEqual(parsedNames(text))
  })

  it.each([
    'a => a',
    'typeof a',
    'a = 1',
    'a, b',
    '`a`',
    '/a/',
    'a--b',
    'a <!--b',
    '010',
    '1.a',
    "'\\u0041'",
    'this',
    'a ? b : c',
    '',
  ])('leaves %j to the parser', (text) => expect(plainNames(text)).toBeUndefined())

  it('knows the names that the parser knows, where it knows them at all', () => {
    const pieces = fc.constantFrom(
      ...[
        'a',
        'b1',
        '$c',
        'this',
        'true',
        'null',
        'in',
        'async',
        'let',
        'eval',
        '0',
        '1.5',
        '07',
        "'s'",
        '"t"',
        "'\\n'",
      ],
      ...[
        '.',
        '?.',
        '.x',
        '?.y',
        '.if',
        '[0]',
        "['k']",
        '[',
        ']',
        '(',
        ')',
        '()',
        ',',
        '!',
        '&&',
        '||',
        '??',
      ],
      ...[
        '===',
        '!==',
        '==',
        '!=',
        '=',
        '<',
        '<=',
        '>',
        '>>',
        '+',
        '++',
        '-',
        '--',
        '*',
        '**',
        '%',
        '/',
        '?',
        ':',
        '=>',
      ],
    )
    const texts = fc
      .array(fc.tuple(pieces, fc.constantFrom('', '', ' ', '\n')), { maxLength: 12 })
      .map((parts) => parts.map(([piece, gap]) => piece + gap).join(''))
    let known = 0
    fc.assert(
      fc.property(texts, (text) => {
        const names = plainNames(text)
        if (!names) return
        known++
        expect(Object.fromEntries(names)).toEqual(parsedNames(text))
      }),
      { numRuns: 20_000 },
    )
    expect(known).toBeGreaterThan(300)
  })
})
