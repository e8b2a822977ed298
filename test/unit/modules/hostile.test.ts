import { describe, expect, test } from 'vitest'
import { argumentsOf } from '../../../runner/modules/doc.js'
import { findModule, modules } from '../../../runner/modules/registry.js'
import {
  argumentsWith,
  hostileValues,
  isProgram,
  programs,
  refusedFor,
  validArguments,
} from '../../support/hostile.js'

/** Text that is written into a file may hold any byte. */
const contents = ['copy.content']

test.each(validArguments())('$module.name: what hostile values stand beside is valid', ({ module, args }) => {
  expect(refusedFor(module, args)).toBeUndefined()
})

test('a reason is for an argument', () => {
  for (const name of [...Object.keys(programs), ...contents]) {
    const [module = '', argument] = name.split('.')
    expect(argumentsOf(findModule(module)!).map((row) => row.name)).toContain(argument)
  }
})

describe.each(Object.values(modules))('$name', (module) => {
  test.each(hostileValues)('every argument takes %j as data, or is told to be wrong', (value) => {
    const seen = new Set<string>()
    const all = argumentsWith(module, () => [value, `$DIR/${value}`]).filter(
      ({ argument }) => !isProgram(module, argument),
    )
    for (const { argument, args } of all) {
      const refused = refusedFor(module, args)
      if (refused === undefined || refused.includes(argument)) seen.add(argument)
    }
    expect([...new Set(all.map(({ argument }) => argument))].filter((name) => !seen.has(name))).toEqual([])
  })

  test('a NUL byte in any argument is refused, by its name', () => {
    for (const { argument, args } of argumentsWith(module, () => ['a\0b', '/a\0b'])) {
      if (contents.includes(`${module.name}.${argument}`)) continue
      expect(refusedFor(module, args), JSON.stringify(args)).toContain(argument)
    }
  })
})
