import { expect, test } from 'vitest'
import { argumentsOf } from '../../../runner/modules/doc.js'
import { validArguments } from '../../support/hostile.js'

/** Text that is written into a file may hold any byte. */
const contents = ['copy.content', 'uri.body', 'k8s_manifest.definition']

test.each(validArguments())(
  '$module.name refuses a NUL byte in every text, by its name',
  ({ module, args }) => {
    for (const { name, type } of argumentsOf(module)) {
      if (!/\btext\b/.test(type) || contents.includes(`${module.name}.${name}`)) continue
      for (const text of ['a\0b', '/a\0b']) {
        const given = { ...args, [name]: type.startsWith('list') ? [text] : text }
        const { error } = module.args.safeParse(given)
        expect(
          error?.issues.map(({ path }) => path[0]),
          `${name}: ${JSON.stringify(text)}`,
        ).toContain(name)
      }
    }
  },
)
