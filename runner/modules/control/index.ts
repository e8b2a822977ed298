import { addHostModule } from './add-host.js'
import { assertModule } from './assert.js'
import type { ControlModule } from './control.js'
import { debugModule } from './debug.js'
import { failModule } from './fail.js'
import { groupByModule } from './group-by.js'
import { includeVarsModule } from './include-vars.js'
import { pauseModule } from './pause.js'
import { setFactModule } from './set-fact.js'
import { setStatsModule } from './set-stats.js'
import { validateArgumentSpecModule } from './validate-argument-spec.js'

/** The modules that work on the controller. Add one by adding it here. */
export const controlModules: readonly ControlModule[] = [
  addHostModule,
  assertModule,
  debugModule,
  failModule,
  groupByModule,
  includeVarsModule,
  pauseModule,
  setFactModule,
  setStatsModule,
  validateArgumentSpecModule,
]
