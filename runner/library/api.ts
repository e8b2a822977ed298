/**
 * What a module in `library/` imports from `tsplay`. It is the program's own: schemas are compared by class, and a failure
 * is known by its class, so that a second copy of them would not do.
 */
export { z } from 'zod'
export { defineModule, ModuleFailure } from '../modules/module.js'
export * as schema from '../modules/schema.js'
