import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { pages } from '../../../scripts/docs.js'

it.each(Object.keys(pages))('%s is up to date (npm run docs)', (path) => {
  expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(pages[path]!())
})
