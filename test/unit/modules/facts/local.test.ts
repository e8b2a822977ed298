import { expect, test } from 'vitest'
import { readLocal } from '../../../../runner/modules/facts/local.js'

const fact = (body: string, status = '0') =>
  readLocal(['fact x', ...`${body}\nstatus ${status}`.split('\n').map((line) => `|${line}`)]).x

test('JSON, INI, and what is neither', () => {
  expect(fact('{"a": [1, "== end"]}\n')).toEqual({ a: [1, '== end'] })
  expect(fact('true')).toBe(true)
  expect(fact('# x\n[General]\nKey = a = b\nother: 2\n\n[e]')).toEqual({
    General: { key: 'a = b', other: '2' },
    e: {},
  })
  expect(fact('hello')).toBe('error: x.fact is neither JSON nor INI')
  expect(fact('a = 1')).toBe('error: x.fact is neither JSON nor INI')
  expect(fact('')).toEqual({})
})

test('a program that fails, that hangs, and one that never stops telling', () => {
  expect(fact('{}', '3')).toBe('error: x.fact exits with 3')
  expect(fact('{}', '124')).toBe('error: x.fact had not ended after 10 s')
  expect(readLocal(['fact x', '|y', '|y']).x).toBe('error: x.fact tells more than 64 KiB')
})

test('names that JavaScript has its own use for stay names', () => {
  const local = readLocal([
    'fact __proto__',
    '|{"__proto__": 1}',
    '|status 0',
    'fact y',
    '|[__proto__]',
    '|a=1',
    '|status 0',
  ])
  expect(Object.keys(local)).toEqual(['__proto__', 'y'])
  expect(({} as Record<string, unknown>).a).toBeUndefined()
})
