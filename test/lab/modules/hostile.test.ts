import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { modules } from '../../../runner/modules/registry.js'
import { type Bench, runModule, withPlaces } from '../../support/cases.js'
import { type HostileArguments, hostileArguments, hostileValues } from '../../support/hostile.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { labBench } from './bench.js'
import { connectLabHost, type LabModuleHost } from './hosts.js'

/** These stay in the folder that they are given; all others are only asked what they would do. */
const applied = new Set([
  ...[
    'assemble',
    'authorized_key',
    'blockinfile',
    'command',
    'copy',
    'fetch',
    'file',
    'find',
    'get_url',
    'ini_file',
  ],
  ...[
    'known_hosts',
    'lineinfile',
    'ping',
    'replace',
    'script',
    'shell',
    'slurp',
    'stat',
    'synchronize',
    'tempfile',
    'template',
  ],
  ...['unarchive', 'uri'],
])

/** What a value must not touch: what stands beside it, and the places that a program would have left its mark in. */
const canaries = `ls -A / /root . .. | grep -c '^pwned' || :
cat keep/a 'keep/*'; stat -c '%n %a %U %s' keep keep/a 'keep/*'; ls -A keep`
const setup = `mkdir keep d; printf a >keep/a; printf star >'keep/*'; printf 'a=1\\nb\\n' >f; tar -cf x.tar keep`

describe.each(['server-1', 'box-1'])('on %s', (name) => {
  let host: LabModuleHost
  let root: string
  beforeAll(async () => {
    const lab = openLab(ourLabDir())
    await lab.fresh(name)
    host = await connectLabHost(lab, name)
    root = lab.hosts.find((one) => one.name === name)!.root
  })
  afterAll(() => host?.close())

  test.each(Object.values(modules))('$name touches nothing else', { timeout: 60_000 }, async (module) => {
    const files = { one: 'x', 'run.sh': '#!/bin/sh\n' }
    const on = await labBench({ name: '', args: {}, expect: {}, files, setup }, { host, root })
    try {
      for (const value of hostileValues) {
        await on.sh(`rm -rf ./* ./.[!.]*; ${setup}`)
        const before = await on.sh(canaries)
        for (const hostile of hostileArguments(module, value)) await suffer(hostile, on)
        expect(await on.sh(canaries), value).toBe(before)
      }
    } finally {
      await on.close()
    }
  })
})

/** Most of them fail, as they should: what counts is what they leave alone. */
async function suffer({ module, argument, args, value }: HostileArguments, on: Bench): Promise<void> {
  const applies = applied.has(module.name)
  await runModule(module, withPlaces(args, on), on, applies).catch((error: Error) => {
    const broken = /Syntax error|unexpected EOF|not a valid identifier/
    expect(error.message, `${argument}: ${value}`).not.toMatch(broken)
  })
}
