import { basename, resolve } from 'node:path'
import type { MappingNode, Node } from '../syntax/node.js'
import { asMapping, isNull } from '../syntax/read.js'
import { parseYaml } from '../syntax/yaml.js'
import { isConverted, type ValueType } from '../vars/typed.js'
import type { Reader } from './context.js'
import { type Options, readOptions } from './spec-options.js'
import { checkFields, nodeOf } from './structure.js'

/** A role's arguments as `meta/argument_specs.yaml` (or `meta/main.yaml`) describes one of its entry points. */
export interface ArgumentSpec {
  readonly options: Options
  /** The options of all entry points whose values are never shown. */
  readonly secrets: readonly string[]
  /** Variables that text is turned into something else for, by any entry point; this one's own word goes first. */
  readonly types: ReadonlyMap<string, ValueType>
}

/** What may be said of an entry point; all but its options document it. */
const entryPointFields = [
  'options',
  'short_description',
  'description',
  'author',
  'version_added',
  'seealso',
  'notes',
  'examples',
]

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
  if (file && mapping) checkFields(mapping, ['argument_specs'], 'argument specs', reader)
  const listed = mapping && nodeOf(mapping, 'argument_specs')
  const specs = listed && !isNull(listed) ? asMapping(listed, "'argument_specs'", reader.report) : undefined
  if (!specs) return undefined
  const entryPoint = basename(tasksFrom ?? 'main').replace(/\.(?:ya?ml|json)$/, '')
  const all = specs.entries.map(({ key, value }) => [key, optionsOf(key, value, reader)] as const)
  const secrets = all.flatMap(([, options]) =>
    Object.entries(options).flatMap(([name, option]) => (option.no_log ? [name] : [])),
  )
  const options = all.find(([name]) => name === entryPoint)?.[1] ?? {}
  const types = [...all.map(([, each]) => each), options]
    .flatMap((each) => Object.entries(each))
    .filter(([, option]) => isConverted(option))
  return { options, secrets, types: new Map(types) }
}

function optionsOf(entryPoint: string, spec: Node, reader: Reader): Options {
  const what = `the entry point '${entryPoint}'`
  const mapping = asMapping(spec, what, reader.report)
  if (!mapping) return {}
  checkFields(mapping, entryPointFields, what, reader)
  return readOptions(nodeOf(mapping, 'options'), what, reader)
}
