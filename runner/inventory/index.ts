export { readHostKey } from './host-key.js'
export type { Addition, Inventory, LoadedInventory } from './inventory.js'
export { loadInventory } from './load.js'
export { resolvePattern } from './pattern.js'
