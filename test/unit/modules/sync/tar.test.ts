import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { readTar } from '../../../../runner/modules/archive/manifest.js'
import { tarOf } from '../../../../runner/modules/sync/tar.js'

const file = (content: string, size = content.length) => ({
  kind: 'file' as const,
  path: 'x',
  mode: '0644',
  size,
  mtime: 1,
  sha256: '',
  stream: () => Readable.from([Buffer.from(content)]),
})

test('names are numbers, sizes hold', async () => {
  const { entries } = await readTar(tarOf([file(''), file('a'), file('b'.repeat(512))]).stream, () => true)
  expect(entries.map(({ path, size, kind }) => [path, size, kind])).toEqual([
    ['0', 0, 'file'],
    ['1', 1, 'file'],
    ['2', 512, 'file'],
  ])
})

test('what octal digits cannot tell', async () => {
  const size = 8 ** 11 + 5
  const one = { ...file('', size), stream: () => Readable.from(endless()) }
  const pieces = tarOf([one]).stream[Symbol.asyncIterator]()
  const head: Buffer = (await pieces.next()).value
  expect(head[124]).toBe(0x80)
  expect(head.readBigUInt64BE(128)).toBe(BigInt(size))
  await pieces.return?.()
})
async function* endless() {
  for (;;) yield Buffer.alloc(65536)
}

test.each([
  ['shorter', 5],
  ['longer', 2],
])('a file that got %s while it was read', async (_, size) => {
  await expect(buffer(tarOf([file('abc', size)]).stream)).rejects.toThrow('x was changed while it was read')
})

test('files are opened when it is their turn', async () => {
  let open = 0
  const counted = (content: string) => ({
    ...file(content),
    stream: () => {
      open += 1
      return Readable.from([Buffer.from(content)])
    },
  })
  const pieces = tarOf([counted('a'.repeat(300_000)), counted('b')]).stream
  await new Promise((resolve) => pieces.once('readable', resolve))
  expect(open).toBeLessThan(2)
  pieces.destroy()
})
