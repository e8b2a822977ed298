import { describe, expect, it } from 'vitest'
import { against, median, slope } from '../../../scripts/bench/statistics.js'

describe('median', () => {
  it('is the middle, in whatever order', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([4, 1, 3, 2])).toBe(2)
  })
  it('refuses nothing', () => expect(() => median([])).toThrow('no median'))
})

describe('slope', () => {
  it('is that of the line through the points, whatever the offset', () => {
    expect(
      slope([
        [1, 107],
        [2, 109],
        [11, 127],
      ]),
    ).toBeCloseTo(2)
  })
  it('refuses a single x', () => expect(() => slope([[1, 2]])).toThrow('two different x'))
})

describe('against', () => {
  it('tells whether the bar is reached, also at the bar', () => {
    expect(against(1.3, '≤', 1.3)).toBe('1.30 (bar ≤ 1.3: reached)')
    expect(against(1.31, '≤', 1.3)).toBe('1.31 (bar ≤ 1.3: **missed**)')
    expect(against(59.9, '≥', 60, 1)).toContain('missed')
    expect(against(60, '≥', 60, 1)).toContain('reached')
  })
})
