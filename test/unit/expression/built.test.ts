import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuiltExpression, builtExpressions } from '../../../runner/expression/built.js'
import { readExpressions } from '../../../runner/expression/expression.js'
import { builtExpressions as bundled, moduleOf } from '../../../scripts/bundle/built-expressions.js'
import { expression, scopeOf } from './support.js'

/** Stands for what the build puts in: this one gives what reading the text would not. */
const text = 'built + unique'
const starts = [['built', 0] as const, ['unique', 8] as const]
const inProgram = builtExpressions as Map<string, BuiltExpression>
beforeAll(() => {
  inProgram.set(text, { starts, bare: false, code: (a) => [a] })
})
afterAll(() => {
  inProgram.delete(text)
})

async function load(text: string): Promise<ReadonlyMap<string, BuiltExpression>> {
  const module = await import(`data:text/javascript,${encodeURIComponent(text)}`)
  return module.builtExpressions
}

describe('expressions of what ships', () => {
  it('are functions of their free names', async () => {
    const built = await load(bundled(resolve(import.meta.dirname, '../../..')))
    expect(built.size).toBeGreaterThan(500)
    for (const [text, { params, starts }] of readExpressions()) {
      expect(built.get(text)?.code).toHaveLength(params.length)
      expect(new Map(built.get(text)?.starts)).toEqual(starts)
    }
  })

  it.each([
    'a',
    'a + 1 // a note',
    '{ a }.a ?? b',
    '({ a, b })',
    "'\\\\\\n' + a",
    '/^\\d+\'"$/.test(a) ? $c : [a, b]',
    '(() => typeof this)()',
    '[a, b].map(a => a * 2)',
  ])('give what reading %s gives', async (text) => {
    const { compiled } = expression(text)
    if (!compiled) return expect(readExpressions().has(text)).toBe(false)
    const scope = scopeOf({ a: 1, b: 2, $c: 3 })
    const { code, starts } = (await load(moduleOf(new Map([[text, readExpressions().get(text)!]])))).get(
      text,
    )!
    const values = starts.map(([name]) => scope.lookup(name)!.value)
    expect(code(...(values as never[]))).toEqual(compiled.evaluate(scope))
  })

  it('are not read again', () => {
    const { compiled } = expression(text)
    expect(compiled?.names).toEqual(new Set(['built']))
    expect(compiled?.evaluate(scopeOf({ built: 1 }))).toEqual([1])
    expect(compiled?.place?.('built')).toMatchObject({ start: 6, end: 11 })
    expect(() => compiled?.evaluate(scopeOf({}))).toThrow('nothing defines the variable built')
  })
})
