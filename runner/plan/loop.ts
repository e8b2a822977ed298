import { resolve } from 'node:path'
import type { Compiled } from '../expression/compiled.js'
import type { MappingEntry, MappingNode, Node } from '../syntax/node.js'
import { asMapping } from '../syntax/read.js'
import { type Reader, readConditions, readValue, type Surroundings } from './context.js'
import { isLoop } from './keywords.js'
import { lookups } from './lookups.js'
import type { LoopControl } from './plan.js'
import { checkKeys, nodeOf, variableName } from './structure.js'

/** The list that a task loops over: `loop`, or one of Ansible's `with_…`. */
export function readLoop(task: MappingNode, around: Surroundings, reader: Reader): Compiled | undefined {
  const isSource = ({ key }: MappingEntry) => isLoop(key) && (key === 'loop' || lookups[key])
  const first = task.entries.find(isSource)
  const second = first && task.entries.find((entry) => entry !== first && isSource(entry))
  if (second)
    reader.report({
      code: 'structure',
      message: `a task has one loop, this one has two: '${first!.key}' and '${second.key}'`,
      span: second.keySpan,
    })
  if (!first) return undefined
  const value = readValue(first.value, reader)
  const lookup = lookups[first.key]
  if (!lookup) return value
  const roots = [around.role?.path, around.dir, around.playbookDir].filter((dir) => dir !== undefined)
  const folders = roots.flatMap((dir) => [resolve(dir, 'files'), resolve(dir, 'templates'), dir])
  const at = { name: first.key, value, files: reader.files, folders }
  const { names, span, place } = value
  return { names, span, place, evaluate: (scope) => lookup(value.evaluate(scope), at) }
}

const usual: LoopControl = { loopVar: 'item' }

/** `loop_control` of a task; without one, items are called `item`. */
export function readLoopControl(task: MappingNode, reader: Reader): LoopControl {
  const node = nodeOf(task, 'loop_control')
  const mapping = node && asMapping(node, "'loop_control'", reader.report)
  if (!mapping) return usual
  if (!task.entries.some(({ key }) => isLoop(key)))
    reader.report({ code: 'structure', message: "'loop_control' without a loop", span: mapping.span })
  checkKeys(mapping, 'loop_control', reader)
  const value = (key: string) => optional(nodeOf(mapping, key), (found) => readValue(found, reader))
  const variable = (key: string) =>
    optional(nodeOf(mapping, key), (found) => variableName(found, `'${key}'`, reader))
  const [loopVar, indexVar] = [variable('loop_var') ?? 'item', variable('index_var')]
  if (loopVar === indexVar)
    reader.report({
      code: 'structure',
      message: `the index cannot be called '${loopVar}' too: that is the item`,
      span: nodeOf(mapping, 'index_var')!.span,
    })
  return {
    loopVar,
    indexVar,
    label: value('label'),
    pause: value('pause'),
    extended: value('extended'),
    extendedAllItems: value('extended_allitems'),
    breakWhen: optional(nodeOf(mapping, 'break_when'), (found) => readConditions(found, reader)),
  }
}

function optional<T>(node: Node | undefined, read: (node: Node) => T): T | undefined {
  return node && read(node)
}
