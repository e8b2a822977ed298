import { type ParseArgsConfig, parseArgs } from 'node:util'
import { didYouMean, InputError } from '../errors.js'
import { loadInventory } from '../inventory/index.js'
import type { Inventory } from '../inventory/inventory.js'
import { diskFiles } from '../syntax/files.js'

/** What a sub-command needs of the process. */
export interface CommandWorld {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown }
  readonly cwd: string
}

/** A sub-command's arguments. @throws InputError for an unknown option */
export function parseCommand<const T extends NonNullable<ParseArgsConfig['options']>>(
  command: string,
  argv: readonly string[],
  options: T,
) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const wanted = /Unknown option '(-{1,2}[^' ]+)/.exec(message)?.[1]
    const guess = wanted && didYouMean(wanted.replace(/^-+/, ''), Object.keys(options))
    const known = Object.keys(options).map((name) => `--${name}`)
    const hint = guess ? `did you mean --${guess}?` : `tsplay ${command} has ${known.join(', ')}`
    throw usage(wanted ? `unknown option ${wanted}` : message, hint)
  }
}

export function usage(message: string, hint?: string): InputError {
  return new InputError([{ code: 'option', message, hint }])
}

/** Load inventories; warnings go to stderr. @throws InputError with every mistake */
export function readInventories(
  sources: readonly string[],
  { stderr }: Pick<CommandWorld, 'stderr'>,
): Inventory {
  if (sources.length === 0) throw usage('which inventory?', '-i inventory.yaml')
  const found: InputError['diagnostics'][number][] = []
  const inventory = loadInventory({ sources, files: diskFiles(), report: (one) => found.push(one) })
  if (found.some(({ severity }) => severity !== 'warning')) throw new InputError(found)
  if (found.length > 0) stderr.write(`${new InputError(found).message}\n`)
  return inventory
}
