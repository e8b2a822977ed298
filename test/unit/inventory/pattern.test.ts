import { describe, expect, it } from 'vitest'
import { exitCodes, InputError } from '../../../runner/errors.js'
import { resolvePattern, splitPattern } from '../../../runner/inventory/pattern.js'
import { loadText } from './support.js'

const { inventory } = loadText(`
web: {hosts: {"w[1:3]": }}
db: {hosts: {d1: , d2: }}
cache: {hosts: {db: , w3: }}
lab: {children: {web: , db: }}
v6: {hosts: {"fe80::1": }}
ips: {hosts: {10.0.0.1: , 10.0.0.11: }}
empty:
`)

describe('patterns', () => {
  it.each<[string, string[]]>([
    ['web', ['w1', 'w2', 'w3']],
    ['w3:w1', ['w3', 'w1']],
    ['w3,web', ['w3', 'w1', 'w2']],
    [' web , d1 ,, ', ['w1', 'w2', 'w3', 'd1']],
    ['web:d1', ['w1', 'w2', 'w3', 'd1']],
    ['web:d1,d2', ['w1', 'w2', 'w3', 'd1', 'd2']],
    ['lab', ['w1', 'w2', 'w3', 'd1', 'd2']],
    ['db', ['db']],
    ['!w1:web', ['w2', 'w3']],
    ['web:&cache', ['w3']],
    ['!w3:&cache:web', []],
    ['&web', ['w1', 'w2', 'w3']],
    ['!lab:!v6:!ips', ['db']],
    ['w*', ['w1', 'w2', 'w3']],
    ['w?', ['w1', 'w2', 'w3']],
    ['*1', ['w1', 'd1', 'fe80::1', '10.0.0.1', '10.0.0.11']],
    ['[wd]1', ['w1', 'd1']],
    ['[!w]1', ['d1']],
    ['10.0.0.1', ['10.0.0.1']],
    ['10.0.0.*', ['10.0.0.1', '10.0.0.11']],
    ['~10\\.0\\.0\\.1', ['10.0.0.1', '10.0.0.11']],
    ['~(web|d1$)', ['w1', 'w2', 'w3', 'd1']],
    ['~w[1-2]', ['w1', 'w2']],
    ['web[0]', ['w1']],
    ['web[-1]', ['w3']],
    ['web[0:1]', ['w1', 'w2']],
    ['web[1:]', ['w2', 'w3']],
    ['web[7]', []],
    ['w*[1]', ['w2']],
    ['web[0]:d1', ['w1', 'd1']],
    ['fe80::1', ['fe80::1']],
    ['empty', []],
    ['nothing*', []],
    ['localhost', ['localhost']],
    ['all:&localhost', []],
    ['', []],
    [',', []],
  ])('%j', (pattern, hosts) => {
    expect([...resolvePattern(inventory, pattern)].sort()).toEqual([...hosts].sort())
    if (!/^[&!]|^$|[*?[~]/.test(pattern)) expect(resolvePattern(inventory, pattern)).toEqual(hosts)
  })

  it.each<[string, string]>([
    ['wbe', 'did you mean web?'],
    ['web:!d3', 'did you mean db?'],
    ['web:&nowhere', expect.stringContaining('groups: ')],
    ['nope[0]', expect.any(String)],
    ['10.0.0.2', 'did you mean 10.0.0.1?'],
    ['WEB', 'did you mean web?'],
  ])('%s is no name', (pattern, hint) => {
    const error = (() => {
      try {
        return resolvePattern(inventory, pattern)
      } catch (caught) {
        return caught
      }
    })()
    expect(error).toBeInstanceOf(InputError)
    const { diagnostics, exitCode } = error as InputError
    expect(exitCode).toBe(exitCodes.noHosts)
    expect(diagnostics).toEqual([
      { code: 'pattern', message: expect.stringContaining('no host or group is called'), hint },
    ])
  })

  it('refuses a broken regular expression', () => {
    expect(() => resolvePattern(inventory, '~w(')).toThrow(/no regular expression/)
  })

  it('takes lists of patterns', () => {
    expect(resolvePattern(inventory, ['web', '!w1'])).toEqual(['w2', 'w3'])
  })
})

describe('--limit', () => {
  it('keeps the order of the pattern', () => {
    expect(resolvePattern(inventory, 'w3:w1', { limit: 'web' })).toEqual(['w3', 'w1'])
    expect(resolvePattern(inventory, 'lab', { limit: 'd*' })).toEqual(['d1', 'd2'])
    expect(resolvePattern(inventory, 'web', { limit: '!w1' })).toEqual(['w2', 'w3'])
    expect(resolvePattern(inventory, 'localhost', { limit: 'localhost' })).toEqual(['localhost'])
  })

  it('that is empty leaves nothing', () => {
    expect(resolvePattern(inventory, 'web', { limit: '' })).toEqual([])
  })

  it('must name something', () => {
    expect(() => resolvePattern(inventory, 'web', { limit: 'w9' })).toThrow(InputError)
  })
})

it.each<[string, string[]]>([
  ['a:b', ['a', 'b']],
  ['a,b:c', ['a', 'b', 'c']],
  ['a[1:3]:b', ['a[1:3]', 'b']],
  ['2001:db8::1', ['2001:db8::1']],
  ['!::1,a', ['!::1', 'a']],
  ['~a:b', ['~a:b']],
])('cuts %s', (pattern, terms) => {
  expect(splitPattern(pattern)).toEqual(terms)
})
