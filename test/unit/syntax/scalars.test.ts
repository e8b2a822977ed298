import { describe, expect, it } from 'vitest'
import { resolvePlain } from '../../../runner/syntax/scalars.js'

/** What PyYAML 6.0.3's safe_load gives for each plain scalar (dates apart, which stay text here). */
const pyyaml: readonly [string, unknown][] = [
  ['yes', true],
  ['Yes', true],
  ['YES', true],
  ['on', true],
  ['TRUE', true],
  ['no', false],
  ['Off', false],
  ['yEs', 'yEs'],
  ['y', 'y'],
  ['N', 'N'],
  ['~', null],
  ['null', null],
  ['NULL', null],
  ['', null],
  ['nULL', 'nULL'],
  ['0', 0],
  ['-0', 0],
  ['+12', 12],
  ['1_000', 1000],
  ['0644', 420],
  ['-0644', -420],
  ['0o644', '0o644'],
  ['0899', '0899'],
  ['0b1010', 10],
  ['0x1F', 31],
  ['1:30', 90],
  ['-1:30', -90],
  ['1:30:15', 5415],
  ['1:60', '1:60'],
  ['0:30', '0:30'],
  ['1.5', 1.5],
  ['1.', 1],
  ['.5', 0.5],
  ['1.5e+3', 1500],
  ['1.5e3', '1.5e3'],
  ['1e5', '1e5'],
  ['1:30.5', 90.5],
  ['.inf', Number.POSITIVE_INFINITY],
  ['-.INF', Number.NEGATIVE_INFINITY],
  ['.nan', Number.NaN],
  ['1.2.3', '1.2.3'],
  ['v1.30', 'v1.30'],
  ['10.0.0.1', '10.0.0.1'],
  ['-', '-'],
  ['+', '+'],
  ['.', '.'],
  ['2020-01-01', '2020-01-01'],
]

describe('plain scalars', () => {
  it.each(pyyaml)('reads %j as PyYAML does', (text, value) => {
    expect(resolvePlain(text).value).toEqual(value)
  })

  it.each([
    ['1.30', '1.30 is read as the number 1.3'],
    ['1:30', '1:30 is read in base 60, as 90'],
    ['22:22', '22:22 is read in base 60, as 1342'],
    ['00112233', '00112233 is read as octal, as 38043'],
  ])('warns of %s', (text, trap) => {
    expect(resolvePlain(text).trap).toBe(trap)
  })

  it.each(['1.3', '0644', '10', '1.25'])('does not warn of %s', (text) => {
    expect(resolvePlain(text).trap).toBeUndefined()
  })

  it('refuses numbers that would lose digits', () => {
    expect(resolvePlain('9007199254740991').problem).toBeUndefined()
    expect(resolvePlain('9007199254740993').problem).toMatch(/too large/)
    expect(resolvePlain('0xFFFFFFFFFFFFFFFF').problem).toMatch(/too large/)
  })
})
