import { expect, it } from 'vitest'
import { checkOption } from '../../../runner/modules/control/validate-argument-spec.js'

const option = { type: 'list', elements: 'str', choices: ['a', 'b'] }

it('of a list, every element is one of the choices', () => {
  expect(checkOption('x', option, [])).toEqual([])
  expect(checkOption('x', option, ['a', 'b'])).toEqual([])
  expect(checkOption('x', option, ['a', 'c'])).toEqual([`variable 'x' must be one of a, b, not "c"`])
})
