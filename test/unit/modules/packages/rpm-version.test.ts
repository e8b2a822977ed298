import { expect, test } from 'vitest'
import { compareRpmVersions } from '../../../../runner/modules/packages/rpm-version.js'

test.each([
  ['1.0', '1.0', 0],
  ['1.0', '2.0', -1],
  ['2.0.1', '2.0', 1],
  ['2.10', '2.9', 1],
  ['5.5p1', '5.5p2', -1],
  ['xyz10', 'xyz10.1', -1],
  ['10xyz', '10.1xyz', -1],
  ['1.0~rc1', '1.0', -1],
  ['1.0~rc1', '1.0~rc2', -1],
  ['1.0^git1', '1.0', 1],
  ['1.0^git1', '1.01', -1],
  ['20101121', '20101122', -1],
  ['2_0', '2.0', 0],
  ['a', '1', -1],
  ['99999999999999999999', '99999999999999999998', 1],
])('%s and %s', (left, right, order) => {
  expect(Math.sign(compareRpmVersions(left, right))).toBe(order)
  expect(Math.sign(compareRpmVersions(right, left))).toBe(-order || 0)
})
