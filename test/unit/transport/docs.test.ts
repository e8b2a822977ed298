import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')

/** Each test that the tables of docs/ssh.md name: its file, and its name. */
const named = readFileSync(resolve(root, 'docs/ssh.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|') && line.includes('.test.ts`'))
  .flatMap((line) =>
    [...line.matchAll(/`(\w+\/[\w/-]+\.test\.ts)`((?:,? "[^"]+")*)/g)].flatMap(([, file, names]) =>
      [...names!.matchAll(/"([^"]+)"/g)].map(([, name]) => ({ file: file!, name: name! })),
    ),
  )

it('the tests that docs/ssh.md names are there', () => {
  expect(named.length).toBeGreaterThan(50)
  const missing = named.filter(
    ({ file, name }) => !readFileSync(resolve(root, 'test', file), 'utf8').includes(name),
  )
  expect(missing).toEqual([])
})

it('each trap of ssh2, and each way, has one', () => {
  const text = readFileSync(resolve(root, 'docs/ssh.md'), 'utf8')
  const tables = text.slice(text.indexOf('## What is held by which test'))
  const bare = tables.split('\n').filter((line) => /^\| [^|]/.test(line) && !/^\| (way|trap) \|/.test(line))
  expect(bare.filter((line) => !/\.test\.ts` "/.test(line))).toEqual([])
})
