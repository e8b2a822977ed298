import { describe, expect, it } from 'vitest'
import { batchSizes, cutBatches } from '../../../runner/engine/batches.js'
import { constant } from '../../../runner/expression/compiled.js'

const nowhere = { lookup: () => undefined, names: () => [] }
const sizes = (value: unknown, total: number) => batchSizes([constant(value)], total, nowhere)

describe('serial', () => {
  it.each([
    [3, 10, [3]],
    ['33%', 10, [3]],
    ['5%', 10, [1]],
    ['0%', 10, [1]],
    ['150%', 10, [15]],
    [[1, '50%'], 10, [1, 5]],
  ])('%j of %i hosts is %j', (value, total, expected) => {
    expect(sizes(value, total)).toEqual(expected)
  })

  it('repeats the last size, and takes zero for all', () => {
    expect(cutBatches([1, 2, 3, 4, 5], [1, 2])).toEqual([[1], [2, 3], [4, 5]])
    expect(cutBatches([1, 2, 3], [0])).toEqual([[1, 2, 3]])
    expect(cutBatches([1, 2], [])).toEqual([[1, 2]])
  })

  it('refuses what is no size', () => {
    expect(() => sizes('half', 10)).toThrow(/'serial' must be a number or a percentage/)
  })
})
