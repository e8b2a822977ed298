import { basename, resolve } from 'node:path'
import type { ArgumentOption } from '../modules/control/validate-argument-spec.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { asMapping, toPlain } from '../syntax/read.js'
import { parseYaml } from '../syntax/yaml.js'
import { isConverted, type ValueType } from '../vars/typed.js'
import type { Reader } from './context.js'
import { nodeOf } from './structure.js'

/** A role's arguments as `meta/argument_specs.yaml` (or `meta/main.yaml`) describes one of its entry points. */
export interface ArgumentSpec {
  readonly options: Options
  /** The options of all entry points whose values are never shown. */
  readonly secrets: readonly string[]
  /** Variables that text is turned into something else for, by any entry point; this one's own word goes first. */
  readonly types: ReadonlyMap<string, ValueType>
}

type Options = Readonly<Record<string, ArgumentOption>>

/** The entry point is the file of tasks that is run: `main`, or what `tasks_from` names (Ansible's rule). */
export function readArgumentSpec(
  rolePath: string,
  meta: MappingNode | undefined,
  tasksFrom: string | undefined,
  reader: Reader,
): ArgumentSpec | undefined {
  const own = ['argument_specs.yaml', 'argument_specs.yml']
    .map((name) => resolve(rolePath, 'meta', name))
    .find((candidate) => reader.files.isFile(candidate))
  const file = own && reader.files.read(own)
  const node = file ? parseYaml(file, reader.report) : meta
  const mapping = node && asMapping(node, 'argument specs', reader.report)
  const specs = mapping && nodeOf(mapping, 'argument_specs')
  if (specs?.kind !== 'mapping') return undefined
  const entryPoint = basename(tasksFrom ?? 'main').replace(/\.(?:ya?ml|json)$/, '')
  const all = specs.entries.map(({ key, value }) => [key, optionsOf(value)] as const)
  const secrets = all.flatMap(([, options]) =>
    Object.entries(options).flatMap(([name, option]) => (option?.no_log ? [name] : [])),
  )
  const options = all.find(([name]) => name === entryPoint)?.[1] ?? {}
  const types = [...all.map(([, each]) => each), options]
    .flatMap((each) => Object.entries(each))
    .filter(([, option]) => isConverted(option ?? {}))
  return { options, secrets, types: new Map(types) }
}

function optionsOf(spec: Node): Options {
  const options = spec.kind === 'mapping' ? nodeOf(spec, 'options') : undefined
  return options?.kind === 'mapping' ? (toPlain(options) as Options) : {}
}
