import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringifyYaml } from '../../../runner/syntax/yaml.js'
import { read } from './support.js'

describe('documents', () => {
  it.each(['', '\n', '# a comment\n', '---\n', '---\n...\n'])(
    'gives nothing and no mistake for %j',
    (text) => {
      expect(read(text)).toMatchObject({ node: undefined, found: [] })
    },
  )

  it('keeps keys in order, as they are written', () => {
    const { value } = read('on: 1\n"yes": 2\n1: 3\ny: 4\n0644: 5\n')
    expect(Object.entries(value as object)).toEqual([
      ['1', 3],
      ['on', 1],
      ['yes', 2],
      ['y', 4],
      ['0644', 5],
    ])
  })

  it('keeps __proto__ a key', () => {
    const { value } = read('__proto__: {polluted: true}\n')
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('knows places, styles and the text as written', () => {
    const { node } = read('a:\r\n  - "x\\n"\r\n  - 1.30\r\n')
    const list = node?.kind === 'mapping' ? node.entries[0]!.value : undefined
    const [quoted, plain] = list?.kind === 'sequence' ? list.items : []
    expect(quoted).toMatchObject({
      value: 'x\n',
      style: 'quoted',
      raw: '"x\\n"',
      span: { start: 8, end: 13 },
    })
    expect(plain).toMatchObject({ value: 1.3, style: 'plain', raw: '1.30' })
  })

  it('reads what it wrote', () => {
    const text = fc
      .string({ unit: 'grapheme' })
      .filter((s) => !/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(s))
    const value = fc.letrec((tie) => ({
      value: fc.oneof(text, fc.boolean(), fc.integer(), fc.constant(null), tie('list'), tie('object')),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(text, tie('value'), { maxKeys: 4 }),
    })).object
    fc.assert(
      fc.property(value, (object) => {
        const { value: back = {}, messages } = read(stringifyYaml(object))
        expect(messages).toEqual([])
        expect(back).toEqual(JSON.parse(JSON.stringify(object)))
      }),
      { numRuns: 200 },
    )
  })
})

describe('anchors', () => {
  it('shares what an alias names', () => {
    expect(read('a: &x [1]\nb: *x\n').value).toEqual({ a: [1], b: [1] })
  })

  it('merges as PyYAML does: own keys win, then the first merged mapping', () => {
    const text = 'a: &a {p: 1, q: 1}\nb: &b {q: 2, r: 2}\nc: {<<: [*a, *b], r: 3, s: 4}\nd: {"<<": 1}\n'
    expect(read(text).value).toMatchObject({ c: { p: 1, q: 1, r: 3, s: 4 }, d: { '<<': 1 } })
  })

  it.each([
    ['a: *x\n', '1:4 nothing is named &x above'],
    ['a: &x [*x]\n', '1:8 &x contains itself'],
    ['a: {<<: 1}\n', '1:9 << merges mappings only'],
  ])('refuses %j', (text, message) => {
    expect(read(text).messages).toEqual([message])
  })

  it('stops an alias bomb', () => {
    const lines = ['a0: &a0 [x,x,x,x,x,x,x,x,x]']
    for (let n = 1; n < 30; n++)
      lines.push(
        `a${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(',')}]`,
      )
    expect(read(lines.join('\n')).messages).toEqual([expect.stringMatching(/aliases add up to more than/)])
  })
})

describe('mistakes', () => {
  it.each([
    ['a: 1\n---\nb: 2\n', '2:1 a second document begins here; a file holds one'],
    ['a: {{ x }}\n', '1:4 an unquoted {{ … }} is a mapping in YAML'],
    ['a: 1\nb: 2\na: 3\n', '3:1 the key "a" stands twice in one mapping'],
    ['a:\n\t- b\n', '2:1 a tab cannot indent in YAML'],
    ['v: !vault abc\n', '1:4 the tag !vault is not known'],
    ['v: !!binary abc\n', '1:4 the tag !!binary is not known'],
    ['v: !!set {a}\n', '1:4 the tag !!set is not known'],
    ['v: !!js/function x\n', '1:4 the tag !!js/function is not known'],
    ['v: !!int x\n', '1:10 x is no int'],
    ['? [a]\n: b\n', '1:3 a key must be plain text'],
    ['x: 12345678901234567890\n', '1:4 12345678901234567890 is too large for a number and would lose digits'],
    ['x: @foo\n', '1:4 Plain value cannot start with reserved character @'],
    ['x: [<%= f(a, b) %>]\n', '1:5 YAML took this template tag apart'],
    ['x: <%= "a #b" %>\n', '1:4 YAML took this template tag apart'],
  ])('%j: %s', (text, message) => {
    const { node, messages } = read(text)
    expect(messages).toEqual([message])
    expect(node).toBeUndefined()
  })

  it.each([
    ['x: <%= a ? b : c %>\n', /put quotes/],
    ['a: {{ x }} b\n', /<%= … %>/],
    ['x: {a: <%= {q: 1} %>}\n', /put quotes/],
    ['a: b: c\n', /quotes/],
    ['a: 1\na: 2\n', /file\.yaml:1:1/],
    ['x: 1.30\n', /quote it: "1.30"/],
    ['x: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n', /no vault/],
    ['x: !unsafe a\n', /drop the tag/],
  ])('hints for %j', (text, hint) => {
    expect(read(text).found[0]!.hint).toMatch(hint)
  })

  it('tells all of them at once', () => {
    expect(read('a: !x 1\nb: *y\nc: {d: 1, d: 2}\n').messages).toEqual([
      '1:4 the tag !x is not known',
      '2:4 nothing is named &y above',
      '3:11 the key "d" stands twice in one mapping',
    ])
  })

  it.each([20_000, 200])('refuses %i levels of nesting', (depth) => {
    expect(read('['.repeat(depth) + ']'.repeat(depth)).messages[0]).toMatch(/nested/)
  })

  it('warns of traps and reads on', () => {
    expect(read('v: 1.30\nt: 1:30\nm: 0644\n')).toMatchObject({
      value: { v: 1.3, t: 90, m: 420 },
      messages: ['~1:4 1.30 is read as the number 1.3', '~2:4 1:30 is read in base 60, as 90'],
    })
  })
})

describe('templates in plain scalars', () => {
  it.each([
    ['x: <%= a %>\n', '<%= a %>'],
    ['x: <%= a.b %>/<%= c["d"] %> # comment\n', '<%= a.b %>/<%= c["d"] %>'],
    ['x: <%= list.map(p => p * 2) %>\n', '<%= list.map(p => p * 2) %>'],
  ])('reads %j', (text, value) => {
    expect(read(text)).toMatchObject({ value: { x: value }, messages: [] })
  })

  it('reads them in flow mappings', () => {
    expect(read('u: { port: <%= item.port %>, from: <%= item.from %> }\n').value).toEqual({
      u: { port: '<%= item.port %>', from: '<%= item.from %>' },
    })
  })
})

describe('explicit tags', () => {
  it('reads the core ones', () => {
    const text = 'a: !!str 0644\nb: !!int "3"\nc: !!bool "yes"\nd: ! 12\ne: !!map {x: 1}\nf: !!seq [1]\n'
    expect(read(text)).toMatchObject({
      value: { a: '0644', b: 3, c: true, d: '12', e: { x: 1 }, f: [1] },
      messages: [],
    })
  })
})

it('reads 60,000 lines', () => {
  const task = (n: number) =>
    `- name: task <%= n %> ${n}\n  copy:\n    src: a${n}\n    dest: /etc/b${n}\n    mode: "0644"\n  when: x === ${n}\n`
  const text = Array.from({ length: 10_000 }, (_, n) => task(n)).join('')
  const { node, messages } = read(text)
  expect(node?.kind === 'sequence' && node.items).toHaveLength(10_000)
  expect(messages).toEqual([])
}, 30_000)
