import { expect } from 'vitest'
import type { ResultFields } from '../../../runner/modules/module.js'
import { findModule } from '../../../runner/modules/registry.js'
import { localController, runModule } from '../../support/cases.js'
import type { LabModuleHost } from './hosts.js'

/** Runs a module on a lab host. @param apply false foretells only */
export const runOn = (host: LabModuleHost, name: string, args: unknown, apply: boolean) =>
  runModule(findModule(name)!, args, { host, controller: localController('/nowhere') } as never, apply)

/** check → apply → apply: the same is foretold as done, and a second run finds nothing to do. */
export async function convergesOn(host: LabModuleHost, name: string, args: unknown): Promise<ResultFields> {
  const foretold = await runOn(host, name, args, false)
  expect(foretold.change, `${name} ${JSON.stringify(args)} would change`).toBeDefined()
  const done = await runOn(host, name, args, true)
  expect(done.change?.summary).toEqual(foretold.change?.summary)
  expect((await runOn(host, name, args, true)).change, 'a second run').toBeUndefined()
  return done.fields
}
