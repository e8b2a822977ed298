import { fileURLToPath } from 'node:url'
import { afterAll, describe, test } from 'vitest'
import { bench, type Case, readCases, shells } from '../../support/cases.js'
import { playCase } from '../../support/play-case.js'

const folder = fileURLToPath(new URL('../../cases', import.meta.url))
const available = shells()
afterAll(() => {
  for (const shell of available) shell.close()
})

/** One shell each, the one furthest from what people write for; test/lab/modules/cases.test.ts runs all three. */
const shellFor = ({ shells = ['busybox'] }: Case) =>
  available.find(({ name }) => name === (shells.includes('busybox') ? 'busybox' : shells[0]))!

describe.concurrent('cases', () => {
  for (const { module: name, cases } of readCases(folder))
    for (const one of cases.filter(({ needs }) => needs === undefined))
      test.concurrent(`${name}: ${one.name}`, { timeout: 20_000 }, async () => {
        const on = bench(one, shellFor(one))
        try {
          await playCase(name, one, on)
        } finally {
          await on.close()
        }
      })
})
