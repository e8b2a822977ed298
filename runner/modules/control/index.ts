import { assertModule } from './assert.js'
import type { ControlModule } from './control.js'
import { debugModule } from './debug.js'
import { failModule } from './fail.js'
import { includeVarsModule } from './include-vars.js'
import { pauseModule } from './pause.js'
import { setFactModule } from './set-fact.js'
import { validateArgumentSpecModule } from './validate-argument-spec.js'

/** The modules that work on the controller. Add one by adding it here. */
export const controlModules: readonly ControlModule[] = [
  assertModule,
  debugModule,
  failModule,
  includeVarsModule,
  pauseModule,
  setFactModule,
  validateArgumentSpecModule,
]
