import { randomBytes } from 'node:crypto'
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { createSharedReads } from '../../../runner/engine/shared-reads.js'
import { temporaryFolder } from '../../support/playbook.js'

const mebibyte = 1024 * 1024

function fileOf(bytes: number): { path: string; content: Buffer } {
  const path = join(temporaryFolder(), `${bytes}`)
  const content = randomBytes(bytes)
  writeFileSync(path, content)
  return { path, content }
}

/** How often this process has the file open. */
const opened = (path: string): number =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  }).length

describe('streams that share what they read', () => {
  it.each([0, 1, 256 * 1024, 256 * 1024 + 1, 3 * mebibyte])('give all of %i bytes to each', async (bytes) => {
    const { path, content } = fileOf(bytes)
    const stream = createSharedReads()
    for (const got of await Promise.all([1, 2, 3].map(() => buffer(stream(path)))))
      expect(got.equals(content)).toBe(true)
    expect(opened(path)).toBe(0)
  })

  it('open the file once, and give the same bytes to one that falls far behind', async () => {
    const { path, content } = fileOf(12 * mebibyte)
    const stream = createSharedReads()
    const slow = stream(path)
    const first = (await slow.iterator({ destroyOnReturn: false }).next()).value as Buffer
    expect((await buffer(stream(path))).equals(content)).toBe(true)
    expect(opened(path)).toBe(1)
    expect(Buffer.concat([first, await buffer(slow)]).equals(content)).toBe(true)
    expect(opened(path)).toBe(0)
  })

  it('let go of a file that is given up, and tell of one that is not there', async () => {
    const { path } = fileOf(2 * mebibyte)
    const stream = createSharedReads()
    for await (const piece of stream(path)) if (piece) break
    await expect.poll(() => opened(path)).toBe(0)
    await expect(buffer(stream(`${path}-none`))).rejects.toThrow('ENOENT')
    await expect(buffer(stream(`${path}-none`))).rejects.toThrow('ENOENT')
  })
})
