import { expect, test } from 'vitest'
import { withModule, withOptions } from '../../../runner/modules/system/modules-load.js'

test('a module is known by its name, with - or _, and what else is in the file stays', () => {
  expect(withModule([], 'br_netfilter', true)).toEqual(['br_netfilter'])
  const lines = ['# ours', 'br-netfilter', 'loop']
  expect(withModule(lines, 'br_netfilter', true)).toBe(lines)
  expect(withModule(lines, 'br_netfilter', false)).toEqual(['# ours', 'loop'])
  expect(withModule(lines, 'dummy', true)).toEqual([...lines, 'dummy'])
})

test('a file in which nothing but comments is left goes; one that never had more stays', () => {
  expect(withModule(['# ours', 'loop'], 'loop', false)).toEqual([])
  expect(withModule(['# ours'], 'loop', false)).toEqual(['# ours'])
  expect(withOptions(['options loop max_loop=8'], 'loop', [])).toEqual([])
})

test('options are a line each, in the place of those that were there', () => {
  const lines = ['blacklist x', 'options  my-mod a=1 b=2', 'options other c=3']
  expect(withOptions(lines, 'my_mod', ['a=1', 'b=2'])).toBe(lines)
  expect(withOptions(lines, 'my_mod', ['a=2'])).toEqual([
    'blacklist x',
    'options other c=3',
    'options my_mod a=2',
  ])
})
