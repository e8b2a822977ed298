export type { Inventory } from './inventory.js'
export { loadInventory } from './load.js'
export { resolvePattern } from './pattern.js'
