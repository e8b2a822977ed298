export type { Group, Inventory, InventoryHost } from './inventory.js'
export { type InventoryOptions, loadInventory } from './load.js'
export { type PatternOptions, resolvePattern } from './pattern.js'
