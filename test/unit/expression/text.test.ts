import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { omit } from '../../../runner/expression/index.js'
import { Secret } from '../../../runner/secrets/secret.js'
import { anyText } from '../../support/any-text.js'
import { failure, render, scopeOf, tree } from './support.js'

describe('strings', () => {
  it('without tags are themselves, and constant', () => {
    const literal = `x \${y} $(z) \`w\``
    const { compiled } = tree(`a: ${literal}\nb: [1, yes, null]\n`)
    expect(compiled?.constant?.value).toEqual({ a: literal, b: [1, true, null] })
    expect([...compiled!.names]).toEqual([])
  })

  it('that are one tag keep the type', () => {
    const values = { list: [1, 2], yes: true, nothing: null, o: { x: 1 } }
    expect(
      render('- <%= list %>\n- <%= yes %>\n- <%= nothing %>\n- <%= o %>\n- <%= list[0]; %>\n', values),
    ).toEqual([[1, 2], true, null, { x: 1 }, 1])
  })

  it('print around and between tags', () => {
    expect(render('a: <%= x %>/<%= y %>.\n', { x: 1, y: true })).toEqual({ a: '1/true.' })
    expect(render('a: "<% for (const i of l) { %>[<%= i %>]<% } %>"\n', { l: [1, 2] })).toEqual({
      a: '[1][2]',
    })
    expect(render('a: "<%% <%# no %>x %%>"\n')).toEqual({ a: '<% x %>' })
    expect(render('a: |\n  <%= l %>x\n', { l: 'v' })).toEqual({ a: 'vx\n' })
  })

  it('leave out what is omit', () => {
    expect(render('a: 1\nb: <%= omit %>\nc: [<%= omit %>, 2]\n', { omit })).toEqual({ a: 1, c: [2] })
  })

  it('print secrets in clear', () => {
    expect(render('a: t=<%= t %>\n', { t: new Secret('s3cret') })).toEqual({ a: 't=s3cret' })
  })
})

describe('what cannot be printed', () => {
  it.each([
    ['a: x<%= n %>\n', '1:5 null cannot be printed'],
    ['a: x<%= o.none %>\n', '1:5 undefined cannot be printed'],
    ['a: x<%= l %>\n', '1:5 a list cannot be printed'],
    ['a: x<%= o %>\n', '1:5 an object cannot be printed'],
    ['a: x<%= toJson %>\n', '1:5 the result is a function, not plain data'],
    ['a: <%= o.none %>\n', '1:4 o.none is undefined'],
    ['- 1\n- "x <%= none %>"\n', '2:10 nothing defines the variable none'],
    ['a: >-\n  folded\n  <%= none\n  + 1 %>\n', '3:7 nothing defines the variable none'],
    ['a: |\n  one <%= o.x %>\n  two <%= o.p.q %>\n', /^3:7 Cannot read .* in o\.p\.q$/],
  ])('%j', (text, message) => {
    const { message: found } = failure(() => render(text, { n: null, o: { x: 1 }, l: [1] }))
    expect(found).toMatch(
      message instanceof RegExp ? message : new RegExp(`^${message.replace(/[.]/g, '\\.')}$`),
    )
  })
})

describe('mistakes', () => {
  it.each([
    ['a: <%- x %>\n', '1:4 <%- is not used'],
    ['a: "x <%= y"\n', '1:7 <%= is not closed'],
    ['a: "x %> y"\n', '1:7 %> closes nothing'],
    ['a: <%= x y %>\n', '1:10 the expression ends before this'],
    ['a: |\n  one\n  two <%= x +  %> three\n', '3:16 Unexpected token'],
    ['a: "<% for (;;) { %>x"\n', '1:21 Unexpected token'],
    ['a: "<% let escapeFn = 1 %>"\n', '1:5 escapeFn is a name that templates use for themselves'],
    ['a: "<% __output = 1 %>"\n', '1:8 __output cannot be assigned'],
    ['a: "<% x = 1 %>"\n', '1:8 x cannot be assigned'],
    ['a: "<% return %>"\n', /'return' outside of function/],
    ['a: "<%= include(\'x\') %> "\n', '1:9 include works in template files only'],
    ['a: b <%= process.env %>\n', /^1:10 process cannot be used here/],
    ['a: <%= process.env %>\n', /^1:8 process cannot be used here/],
    ['"<%= a %>": 1\n', '1:1 a key cannot hold a template'],
  ])('%j', (text, message) => {
    const { messages } = tree(text)
    expect(messages).toHaveLength(1)
    expect(messages[0]).toMatch(message)
  })
})

describe('Jinja', () => {
  it.each([
    ['{{ x }}', '<%= x %>'],
    ['{{ x.y[0] }}', '<%= x.y[0] %>'],
    ["{{ x | default('none') }}", "<%= vars.x ?? 'none' %>"],
    ["{{ x.y | default('', true) }}", "<%= vars.x?.y || '' %>"],
    ['{{ x | default(1) | int }}', '<%= Number((vars.x ?? 1)) %>'],
    ["{{ l | join(',') }}", "<%= l.join(',') %>"],
    ['{{ x | to_nice_yaml }}', '<%= toYaml(x) %>'],
  ])('%s is an error with a translation', (jinja, translation) => {
    const { found, messages } = tree(`a: "see ${jinja.replaceAll('"', '\\"')}"\n`)
    expect(messages).toEqual(['1:9 Jinja is not interpreted in playbooks and roles'])
    expect(found[0]!.hint).toContain(translation)
  })

  it.each(['{{ x if y else z }}', "{{ lookup('env', 'X') }}", '{% if x %}'])('%s has none', (jinja) => {
    expect(tree(`a: "${jinja}"\n`).found[0]!.hint).toMatch(/JavaScript between/)
  })

  it('is text where the option says so, and inside of tags', () => {
    expect(tree('a: "{{ x }}"\n', { jinja: 'text' }).compiled?.constant?.value).toEqual({ a: '{{ x }}' })
    expect(render('a: "<%= \'{{\' %> .State }}"\n')).toEqual({ a: '{{ .State }}' })
  })

  it('is interpreted in inventories', () => {
    const { compiled, messages } = tree('a: "{{ x }}"\n', { jinja: 'inventory' })
    expect(messages).toEqual([])
    expect(compiled?.evaluate(scopeOf({ x: 1 }))).toEqual({ a: 1 })
  })
})

describe('values are data, however they look', () => {
  const evil = [
    '<%= process.exit(1) %>',
    '<% throw 1 %>',
    `\${process.exit(1)}`,
    "{{ lookup('pipe','id') }}",
    '`x`',
    '<%%',
    '%>',
    "'; process.exit(1); '",
    '\\u003c%= 1 %>',
    '");process.exit(1);("',
    '\u2028process.exit(1)',
    '{% raw %}',
  ]

  it.each(evil)('%j prints as it is', (value) => {
    const values = { value, list: [value], deep: { [value]: { value } } }
    const text = [
      'text: a <%= value %> b <%= value %>',
      'single: <%= value %>',
      'list: <%= list %>',
      'items: [<%= value %>, "x<%= value %>"]',
      'deep: <%= deep %>',
      'call: <%= list.map(x => x + value).join() %>',
      'json: x<%= toJson(value) %>',
    ]
    expect(render(`${text.join('\n')}\n`, values)).toEqual({
      text: `a ${value} b ${value}`,
      single: value,
      list: [value],
      items: [value, `x${value}`],
      deep: { [value]: { value } },
      call: value + value,
      json: `x${JSON.stringify(value)}`,
    })
  })

  it('holds for any text', () => {
    fc.assert(
      fc.property(anyText(), (value) => {
        expect(render('a: "[<%= v %>]"\nb: <%= v %>\n', { v: value })).toEqual({ a: `[${value}]`, b: value })
      }),
    )
  })

  it('holds for what one evaluation gives to the next', () => {
    const once = render('a: x<%= v %>\n', { v: '<%= 1 + 1 %>' }) as { a: string }
    expect(render('b: <%= once.a %>!\n', { once })).toEqual({ b: 'x<%= 1 + 1 %>!' })
  })
})

it('looks names up by themselves, not on prototypes', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
    expect(failure(() => tree(`a: <%= ${name} %>\n`).compiled!.evaluate(scopeOf({}))).message).toMatch(
      /nothing defines/,
    )
})
