import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { findModule } from '../../../runner/modules/registry.js'
import { type Bench, bench, type Case, readCases, runModule, shells, withDir } from '../../support/cases.js'

const folder = fileURLToPath(new URL('../../cases', import.meta.url))
const available = shells()
afterAll(() => {
  for (const shell of available) shell.close()
})

for (const { file, module: name, cases } of readCases(folder)) {
  describe.concurrent(file, () => {
    for (const one of cases)
      for (const shell of available.filter(({ name }) => one.shells?.includes(name) ?? true))
        test.concurrent(`${one.name} (${shell.name})`, { timeout: 20_000 }, async () => {
          const on = bench(one, shell)
          try {
            await play(name, one, on)
          } finally {
            on.close()
          }
        })
  })
}

/** check → apply → verify → check → apply: would change, changed, nothing, ok. */
async function play(name: string, one: Case, on: Bench): Promise<void> {
  const module = findModule(name)!
  const args = withDir(one.args, on.dir)
  const want = withDir(one.expect, on.dir)
  if (one.setup) await on.sh(one.setup)
  if (want.error !== undefined) return fails(name, args, want, one, on)
  const untouched = on.listing()
  const checked = await runModule(module, args, on, false)
  expect(on.listing()).toBe(untouched)
  expectChange(checked.change, want)
  expect(on.host.log.runs).toBe(want.runs?.[0] ?? 1)
  const applied = await runModule(module, args, on, true)
  expect(applied.change?.summary).toEqual(checked.change?.summary)
  expect(on.host.log.runs).toBe((want.runs?.[0] ?? 1) + (want.runs?.[1] ?? (applied.change ? 2 : 1)))
  expect(on.host.log.uploads).toBe(want.uploads ?? 0)
  expect(applied.fields).toMatchObject(want.result ?? {})
  if (one.verify) await on.sh(one.verify)
  if (one.second_run === 'skip') return
  const settled = on.listing()
  const again = await runModule(module, args, on, true)
  if (one.second_run === 'changed') return expect(again.change).toBeDefined()
  expect(again.change).toBeUndefined()
  expect(on.listing()).toBe(settled)
}

function expectChange(change: Awaited<ReturnType<typeof runModule>>['change'], want: Case['expect']) {
  if (want.change === 'none') expect(change).toBeUndefined()
  else if (want.change) expect(change?.summary).toEqual(want.change)
  if (want.requires) expect(change?.requires ?? []).toEqual(want.requires)
  if (want.provides) expect(change?.provides ?? []).toEqual(want.provides)
  if (want.before !== undefined) expect(change?.differences?.[0]?.before).toBe(want.before)
  if (want.after !== undefined) expect(change?.differences?.[0]?.after).toBe(want.after)
}

async function fails(name: string, args: unknown, want: Case['expect'], one: Case, on: Bench) {
  const module = findModule(name)!
  const error = await runModule(module, args, on, true).then(
    () => undefined,
    (e: Error & { fields?: object }) => e,
  )
  expect(error?.message).toContain(want.error)
  if (want.result) expect(error?.fields).toMatchObject(want.result)
  if (one.verify) await on.sh(one.verify)
}
