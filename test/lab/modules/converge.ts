import { expect } from 'vitest'
import type { Controller, ResultFields } from '../../../runner/modules/module.js'
import { findModule } from '../../../runner/modules/registry.js'
import { localController, runModule } from '../../support/cases.js'
import type { LabModuleHost } from './hosts.js'

const nowhere = localController('/nowhere')

/** Runs a module on a lab host. @param apply false foretells only */
export const runOn = (
  host: LabModuleHost,
  name: string,
  args: unknown,
  apply: boolean,
  controller = nowhere,
) => runModule(findModule(name)!, args, { host, controller } as never, apply)

/** check → apply → check → apply: would change, changed as foretold, nothing, ok. Gives what the first apply said. */
export async function changeOn(
  host: LabModuleHost,
  name: string,
  args: unknown,
  controller?: Controller,
): ReturnType<typeof runOn> {
  const what = `${name} ${JSON.stringify(args)}`
  const foretold = await runOn(host, name, args, false, controller)
  expect(foretold.change, `${what} would change`).toBeDefined()
  const done = await runOn(host, name, args, true, controller)
  expect(done.change?.summary).toEqual(foretold.change?.summary)
  for (const apply of [false, true])
    expect((await runOn(host, name, args, apply, controller)).change, `${what} a second time`).toBeUndefined()
  return done
}

/** The same; gives the fields of the result alone. */
export async function convergesOn(...asked: Parameters<typeof changeOn>): Promise<ResultFields> {
  return (await changeOn(...asked)).fields
}
