import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readHostKey } from '../../../runner/inventory/host-key.js'
import { expandRanges, RangeSyntaxError } from '../../../runner/inventory/ranges.js'

describe('ranges', () => {
  it.each<[string, string[]]>([
    ['plain', ['plain']],
    ['n[1:3]', ['n1', 'n2', 'n3']],
    ['n[01:03]', ['n01', 'n02', 'n03']],
    ['n[08:12]', ['n08', 'n09', 'n10', 'n11', 'n12']],
    ['n[1:03]', ['n1', 'n2', 'n3']],
    ['n[:2]', ['n0', 'n1', 'n2']],
    ['n[0:6:3]', ['n0', 'n3', 'n6']],
    ['n[3:1]', []],
    ['n[-1:2]', ['n-1', 'n0', 'n1', 'n2']],
    ['[a:c]', ['a', 'b', 'c']],
    ['[y:B]', ['y', 'z', 'A', 'B']],
    ['[a:g:3]x', ['ax', 'dx', 'gx']],
    ['r[1:2]n[a:b].lan', ['r1na.lan', 'r1nb.lan', 'r2na.lan', 'r2nb.lan']],
    ['10.0.0.[9:11]', ['10.0.0.9', '10.0.0.10', '10.0.0.11']],
  ])('%s', (pattern, names) => {
    expect(expandRanges(pattern)).toEqual(names)
  })

  it.each([
    ...[
      'n[001:3]',
      'n[01:100]',
      'n[1:]',
      'n[1-3]',
      'n[1,3]',
      'n[1]',
      'n[]',
      'n[aa:cc]',
      'n[a:3]',
      'n[c:a]',
      'n[B:a]',
    ],
    ...[
      'n[1:2:0]',
      'n[1:2:-1]',
      'n[1:2:3:4]',
      'n[1:2',
      'n1:2]',
      'n[[1:2]]',
      'n[1:1000000]',
      'n[1:999][1:999]',
    ],
  ])('%s is refused', (pattern) => {
    expect(() => expandRanges(pattern)).toThrow(RangeSyntaxError)
  })

  it('count from begin to end, padded alike', () => {
    const bounds = fc.tuple(
      fc.nat(300),
      fc.nat(300),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 5 }),
    )
    fc.assert(
      fc.property(bounds, ([begin, length, step, width]) => {
        const end = begin + length
        const pad = (n: number) => String(n).padStart(String(end).length + width, '0')
        const names = expandRanges(`n[${pad(begin)}:${pad(end)}:${step}].x`)
        expect(names).toHaveLength(Math.floor(length / step) + 1)
        expect(names[0]).toBe(`n${pad(begin)}.x`)
        expect(names.every((name, index) => name === `n${pad(begin + index * step)}.x`)).toBe(true)
      }),
    )
  })
})

describe('host keys', () => {
  it.each<[string, object]>([
    ['h', { names: ['h'] }],
    ['h:2222', { names: ['h'], port: 2222 }],
    ['h[1:2]:22', { names: ['h1', 'h2'], port: 22 }],
    ['[a:b]:22', { names: ['a', 'b'], port: 22 }],
    ['::1', { names: ['::1'] }],
    ['2001:db8::1', { names: ['2001:db8::1'] }],
    ['[::1]:2222', { names: ['::1'], port: 2222 }],
    ['[2001:db8::1]', { names: ['2001:db8::1'] }],
    ['10.0.0.1:22', { names: ['10.0.0.1'], port: 22 }],
  ])('%s', (key, host) => {
    expect(readHostKey(key)).toEqual(host)
  })

  it.each([
    ...[
      'h:22abc',
      'h:70000',
      'h:0',
      'h:',
      '[::1]:x',
      'a:b:c',
      'two words',
      'a/b',
      '../evil',
      '..',
      'a\tb',
      'a,b',
      '',
    ],
    ...['-rf', '!h', '&h', '~h', '@h', 'h*', 'a;b', 'a$b', "a'b"],
  ])('%j is refused', (key) => {
    expect(() => readHostKey(key)).toThrow(RangeSyntaxError)
  })
})
