import { expect } from 'vitest'
import { findModule } from '../../runner/modules/registry.js'
import { type Bench, type Case, runModule, withPlaces } from './cases.js'

/** check → apply → verify → check → apply: would change, changed, nothing, ok. */
export async function playCase(name: string, one: Case, on: Bench): Promise<void> {
  const module = findModule(name)!
  const args = withPlaces(one.args, on)
  const want = withPlaces(one.expect, on)
  if (one.setup) await on.sh(one.setup)
  if (want.error !== undefined) return fails(name, args, want, one, on)
  const untouched = await listing(one, on)
  const checked = await runModule(module, args, on, false)
  expect(await listing(one, on)).toBe(untouched)
  expectChange(checked.change, want)
  expect(on.host.log.runs).toBe(want.runs?.[0] ?? 1)
  const applied = await runModule(module, args, on, true)
  expect(applied.change?.summary).toEqual(checked.change?.summary)
  expect(on.host.log.runs).toBe((want.runs?.[0] ?? 1) + (want.runs?.[1] ?? (applied.change ? 2 : 1)))
  expect(on.host.log.uploads).toBe(want.uploads ?? 0)
  expect(applied.fields).toMatchObject(want.result ?? {})
  if (one.verify) await on.sh(one.verify)
  if (one.second_run === 'skip') return
  const settled = await listing(one, on)
  for (const apply of [false, true]) {
    const again = await runModule(module, args, on, apply)
    if (one.second_run === 'changed') return expect(again.change).toBeDefined()
    expect(again.change).toBeUndefined()
  }
  expect(await listing(one, on)).toBe(settled)
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

/** All that check mode must leave as it is. */
async function listing(one: Case, on: Bench): Promise<string> {
  const watched = one.watch === undefined ? '' : await on.sh(one.watch)
  return `${await on.listing()}\n${watched}`
}
