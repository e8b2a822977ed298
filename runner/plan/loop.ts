import type { MappingNode, Node } from '../syntax/node.js'
import { asMapping } from '../syntax/read.js'
import { type Reader, readValue } from './context.js'
import type { LoopControl } from './plan.js'
import { checkKeys, expectText, nodeOf } from './structure.js'

/** `loop_control` of a task; without one, items are called `item`. */
export function readLoopControl(task: MappingNode, reader: Reader): LoopControl {
  const node = nodeOf(task, 'loop_control')
  const mapping = node && asMapping(node, "'loop_control'", reader.report)
  if (!mapping) return { loopVar: 'item' }
  checkKeys(mapping, 'loop_control', reader)
  const value = (key: string) => optional(nodeOf(mapping, key), (found) => readValue(found, reader))
  const text = (key: string) =>
    optional(nodeOf(mapping, key), (found) => expectText(found, `'${key}'`, reader))
  return {
    loopVar: text('loop_var') ?? 'item',
    indexVar: text('index_var'),
    label: value('label'),
    pause: value('pause'),
  }
}

function optional<T>(node: Node | undefined, read: (node: Node) => T): T | undefined {
  return node && read(node)
}
