import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { openShell, shells } from './shells.js'

const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
const noNul = anyBytes.map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0)))
const hostile = fc
  .array(
    fc.constantFrom(
      "'",
      '"',
      '\\',
      '$(id)',
      '`',
      '\n',
      '\r',
      '%s',
      '\u0001',
      '\u0081',
      '-n',
      ' ',
      '*',
      '!',
      'é',
    ),
  )
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))

const same =
  (wanted: Buffer) =>
  (got: Buffer): boolean =>
    got.equals(wanted)

describe.each(shells.map((shell) => ({ name: shell.join(' '), shell })))('$name', ({ shell }) => {
  const session = openShell(shell)
  afterAll(() => session.close())

  const bytesOf = async (script: Parameters<typeof session.run>[0]): Promise<Buffer> => {
    const outcome = await session.run(script)
    if (outcome.kind !== 'exited' || outcome.code !== 0) throw new Error(JSON.stringify(outcome))
    return outcome.stdout
  }

  it('gives back every byte of a variable', async () => {
    const property = fc.asyncProperty(fc.oneof(noNul, hostile), async (value) => {
      expect(await bytesOf({ body: 'printf %s "$v"', vars: { v: value } })).toSatisfy(same(value))
    })
    await fc.assert(property, { numRuns: 40 })
  })

  it('gives back every byte of standard input', async () => {
    const property = fc.asyncProperty(fc.oneof(anyBytes, hostile), async (stdin) => {
      expect(await bytesOf({ body: 'cat', stdin })).toSatisfy(same(stdin))
    })
    await fc.assert(property, { numRuns: 25 })
  })

  it('gives back all 255 bytes at once, and a large value', async () => {
    const all = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1))
    const large = Buffer.concat(Array.from({ length: 1000 }, () => all))
    expect((await bytesOf({ body: 'printf %s "$v"', vars: { v: large } })).equals(large)).toBe(true)
  })
})
