import { usage } from '../arguments.js'
import { type Diagnostic, InputError } from '../errors.js'
import { loadInventory } from '../inventory/index.js'
import type { Inventory } from '../inventory/inventory.js'
import { diskFiles } from '../syntax/files.js'

/** What a sub-command needs of the process. */
export interface CommandWorld {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly cwd: string
}

/** Load inventories; warnings go to stderr. @throws InputError with every mistake */
export function readInventories(
  sources: readonly string[],
  { stderr }: Pick<CommandWorld, 'stderr'>,
): Inventory {
  if (sources.length === 0) throw usage('which inventory?', '-i inventory.yaml')
  const found: Diagnostic[] = []
  const inventory = loadInventory({ sources, files: diskFiles(), report: (one) => found.push(one) })
  refuse(found, { stderr })
  return inventory
}

/** Warnings go to stderr. @throws InputError with all of it where there is a mistake */
export function refuse(found: readonly Diagnostic[], { stderr }: Pick<CommandWorld, 'stderr'>): void {
  if (found.some(({ severity }) => severity !== 'warning')) throw new InputError(found)
  if (found.length > 0) stderr.write(`${new InputError(found).message}\n`)
}
