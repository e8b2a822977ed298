import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EvaluationError } from '../../../runner/expression/index.js'
import { Secret } from '../../../runner/secrets/secret.js'
import { evaluate, expression, failure, scopeOf } from './support.js'

const values = { a: 1, name: 'web', list: [3, 1, 2], facts: { os: { family: 'debian' } }, nothing: null }

describe('values', () => {
  it.each<[string, unknown]>([
    ["facts.os.family === 'debian'", true],
    ['list.map(x => x * a)', [3, 1, 2]],
    ['({ a, [name]: 1, name: list.length })', { a: 1, web: 1, name: 3 }],
    ['{ x: a }', { x: 1 }],
    [`\`\${name}-\${a}\``, 'web-1'],
    ['nothing?.x', undefined],
    ['list[0]?.[a]', undefined],
    ['[...list, ...[4]]', [3, 1, 2, 4]],
    ['[...list].sort()', [1, 2, 3]],
    ['vars.absent ?? 5', 5],
    ["'a' in vars && !('b' in vars)", true],
    ['Object.keys(vars).length', 5],
    ['a // a comment', 1],
    ['a /* a comment */ ', 1],
    ['(a, name)', 'web'],
    ['/^w/.test(name)', true],
    ['(() => { try { throw a } catch (e) { return e } })()', 1],
    ['(() => { for (const i of list) { var z = i } return z })()', 2],
    ['(function f(n) { return n > 0 ? n + f(n - 1) : 0 })(3)', 6],
    ['(function () { return arguments.length })(1, 2)', 2],
    ['list.reduce((sum, x) => { let n = sum; n += x; return n }, 0)', 6],
    ['((x, { y = x, ...rest }, [z] = [a]) => [x, y, rest, z])(1, { q: 2 })', [1, 1, { q: 2 }, 1]],
    ['JSON.parse(\'{"__proto__": 1}\')', JSON.parse('{"__proto__": 1}')],
  ])('%s', (text, value) => {
    expect(evaluate(text, values)).toEqual(value)
  })

  it('are plain data of this realm', () => {
    const value = evaluate('({ list: list.map(x => ({ x })) })', values) as { list: object[] }
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(value.list).toBeInstanceOf(Array)
    expect(Object.getPrototypeOf(value.list[0])).toBe(Object.prototype)
  })

  it.each([
    ['x => x', /function.*plain data/],
    ['new Set(list)', /Set/],
    ['new Date(0)', /Date/],
    ['/x/', /RegExp/],
    ['(() => { const o = {}; o.o = o; return o })()', /contains itself/],
  ])('are never %s', (text, message) => {
    expect(failure(() => evaluate(text, values)).message).toMatch(message)
  })
})

describe('free names', () => {
  it.each<[string, string[]]>([
    ['a.b.c', ['a']],
    ['a[b]?.c', ['a', 'b']],
    ['({ a, b: c, [d]: e })', ['a', 'c', 'd', 'e']],
    ['list.map(({ x = y, ...r }) => x + r + z)', ['list', 'y', 'z']],
    ['(() => { const a = b; { let c = a } return c })()', ['b', 'c']],
    ['(() => { if (x) { var v = 1 } return v })()', ['x']],
    ['(() => { try { f() } catch ({ message }) { return message } })()', ['f']],
    ['(() => { outer: for (const i of xs) { continue outer } })()', ['xs']],
    ['(() => { switch (a) { case b: let c; return c } })()', ['a', 'b']],
    ['(class A extends B { m(x) { return A + x + y } [k] = 1 })', ['B', 'y', 'k']],
    [`\`\${a}\${b.c}\``, ['a', 'b']],
    [`tag\`\${x}\``, ['tag', 'x']],
    ['(f => g => f + g + h)(1)', ['h']],
    ['vars.x ?? Math.max(...list) + range(3)', ['list']],
    ['typeof x', ['x']],
  ])('of %s', (text, names) => {
    const { compiled, messages } = expression(text)
    expect(messages).toEqual([])
    expect([...compiled!.names]).toEqual(names)
  })

  it('are those that evaluation asks for', () => {
    const identifier = fc.constantFrom('p', 'q', 'r', 's')
    const text = fc.letrec<{ e: string }>((tie) => ({
      e: fc.oneof(
        { depthSize: 'small' },
        identifier,
        fc.tuple(tie('e'), tie('e')).map(([x, y]) => `(${x} + ${y})`),
        fc.tuple(identifier, tie('e'), tie('e')).map(([p, x, y]) => `((${p}) => ${x})(${y})`),
        fc
          .tuple(identifier, tie('e'), tie('e'))
          .map(([p, x, y]) => `(({ ${p} = ${x} }) => ${p})({ ${p}: ${y} })`),
      ),
    })).e
    fc.assert(
      fc.property(text, (each) => {
        const { compiled } = expression(each)
        const asked = new Set<string>()
        const lookup = (name: string) => {
          asked.add(name)
          return { value: 1 }
        }
        compiled!.evaluate({ lookup, names: () => [] })
        expect(asked).toEqual(compiled!.names)
      }),
      { numRuns: 200 },
    )
  })
})

describe('mistakes before a run', () => {
  it.each([
    ['', '1:7 an expression is missing'],
    ['a ==', '1:10 Unexpected token'],
    ['a b', '1:9 the expression ends before this'],
    ['a; b', '1:8 the expression ends before this'],
    ['a)(b', '1:8 the expression ends before this'],
    ['a, b', '1:8 one expression is wanted, not several with a comma'],
    ['a = 2', '1:7 a cannot be assigned'],
    ['(a) = 2', '1:7 a cannot be assigned'],
    ['a.b.c = 2', '1:7 a cannot be assigned'],
    ['a++', '1:7 a cannot be assigned'],
    ['[a] = b', '1:7 a cannot be assigned'],
    ['delete a.b', '1:7 a cannot be assigned'],
    ['vars.a = 1', '1:7 vars cannot be assigned'],
    ['this', '1:7 this has no meaning here'],
    ['await a', '1:7 await cannot be used here'],
    ["import('fs')", '1:7 import() cannot be used here'],
    ['import.meta', '1:7 new.target and import.meta have no meaning here'],
    ['(function () { return new.target })()', '1:29 new.target and import.meta have no meaning here'],
    ['(async () => 1)()', '1:8 async functions cannot be used here'],
    ['/a(b/', '1:8 Invalid regular expression: /a(b/: Unterminated group'],
  ])('%j', (text, message) => {
    const { compiled, messages } = expression(text)
    expect(messages).toEqual([message])
    expect(compiled).toBeUndefined()
  })

  it.each([
    ...[
      'process',
      'globalThis',
      'global',
      'require',
      'eval',
      'Function',
      'fetch',
      'console',
      'setTimeout',
      'Buffer',
    ],
    ...['Reflect', 'Proxy', 'arguments', 'module', 'WebAssembly', 'queueMicrotask', 'Promise'],
  ])('refuse %s', (name) => {
    expect(expression(`[1].map(x => ${name})`).messages).toEqual([
      expect.stringMatching(new RegExp(`^1:20 ${name} cannot be used here`)),
    ])
  })

  it.each([
    ['a is defined', 'write: vars.NAME !== undefined'],
    ['a is not defined', 'write: vars.NAME === undefined'],
    ['not a', '“not” is ! in JavaScript'],
    ['a and b', '“and” is && in JavaScript'],
    ['a = 2', 'to compare, write ==='],
  ])('hint for %s', (text, hint) => {
    expect(expression(text).found[0]!.hint).toBe(hint)
  })
})

describe('mistakes in a run', () => {
  it.each([
    ['naem', '1:7 nothing defines the variable naem', 'did you mean name?'],
    [
      'absent',
      '1:7 nothing defines the variable absent',
      'if it may be absent, write vars.absent ?? a default',
    ],
    [
      'facts.osx.family',
      /^1:7 Cannot read properties of undefined \(reading 'family'\) in facts\.osx\.family$/,
      /\?\./,
    ],
    ['list.sort()', /read only/, /copy first/],
    ['list.push(1)', /not extensible/, /copy first/],
    ['list.forEach(x => { vars.q = x })', /cannot be assigned/, undefined],
  ])('%s', (text, message, hint) => {
    const { messages, compiled } = expression(text)
    if (!compiled) {
      expect(messages[0]).toMatch(message)
      return
    }
    const found = failure(() => compiled.evaluate(scopeOf(values)))
    expect(found.message).toMatch(message)
    if (hint) expect(found.hint).toMatch(hint)
  })

  it('let errors of a scope pass as they are', () => {
    class Unknown extends Error {}
    const compiled = expression('[1].map(x => vars.later)').compiled!
    const lookup = () => {
      throw new Unknown()
    }
    expect(() => compiled.evaluate({ lookup, names: () => [] })).toThrow(Unknown)
  })

  it('never show a stack', () => {
    const error = (() => {
      try {
        evaluate('nothing.x', values)
      } catch (caught) {
        return caught as Error
      }
    })()
    expect(error).toBeInstanceOf(EvaluationError)
    expect(error?.message).not.toMatch(/\n|\bat \//)
  })
})

describe('secrets', () => {
  const token = new Secret('s3cret')
  it('stay secrets when they only pass through, also inside of data', () => {
    expect(evaluate('token', { token })).toBe(token)
    expect(evaluate('box', { box: { token } })).toEqual({ token })
  })

  it('are in clear where they are computed with, never ***', () => {
    expect(evaluate("token + '!'", { token })).toBe('s3cret!')
    expect(evaluate('box.list[0].token.length', { box: { list: [{ token }] } })).toBe(6)
    expect(evaluate(`\`\${vars.token}\``, { token })).toBe('s3cret')
  })
})

it('leaves lazy views lazy', () => {
  const hostvars = {
    get a() {
      throw new Error('asked')
    },
    get b() {
      return { x: 1 }
    },
  }
  expect(evaluate('hostvars.b.x', { hostvars })).toBe(1)
  expect(evaluate('vars.hostvars.b.x', { hostvars })).toBe(1)
})
