import { resolve } from 'node:path'
import type { ArgumentOption } from '../modules/control/validate-argument-spec.js'
import type { MappingNode } from '../syntax/node.js'
import { asMapping, toPlain } from '../syntax/read.js'
import { parseYaml } from '../syntax/yaml.js'
import type { Reader } from './context.js'
import { nodeOf } from './structure.js'

/** A role's arguments as `meta/argument_specs.yaml` (or `meta/main.yaml`) describes its entry point `main`. */
export interface ArgumentSpec {
  readonly shortDescription?: string | undefined
  readonly options: Readonly<Record<string, ArgumentOption>>
}

export function readArgumentSpec(
  rolePath: string,
  meta: MappingNode | undefined,
  reader: Reader,
): ArgumentSpec | undefined {
  const own = ['argument_specs.yaml', 'argument_specs.yml']
    .map((name) => resolve(rolePath, 'meta', name))
    .find((candidate) => reader.files.isFile(candidate))
  const file = own && reader.files.read(own)
  const node = file ? parseYaml(file, reader.report) : meta
  const mapping = node && asMapping(node, 'argument specs', reader.report)
  const specs = mapping && nodeOf(mapping, 'argument_specs')
  const main = specs?.kind === 'mapping' ? nodeOf(specs, 'main') : undefined
  if (main?.kind !== 'mapping') return undefined
  const options = nodeOf(main, 'options')
  const description = nodeOf(main, 'short_description')
  return {
    shortDescription: description?.kind === 'scalar' ? String(description.value) : undefined,
    options: options ? (toPlain(options) as Record<string, ArgumentOption>) : {},
  }
}

/** Options whose values are never shown. */
export function secretOptions(spec: ArgumentSpec | undefined): string[] {
  return Object.entries(spec?.options ?? {}).flatMap(([name, option]) => (option?.no_log ? [name] : []))
}
