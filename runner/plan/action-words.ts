import { didYouMean } from '../errors.js'
import type { MappingEntry, MappingNode, Node, ScalarNode } from '../syntax/node.js'
import type { Span } from '../syntax/source.js'
import { actionNames } from './action-names.js'
import type { Reader } from './context.js'
import { nodeOf } from './structure.js'

/** Ansible's older spellings of a task's module: `action: copy src=a dest=/b`, `local_action: { module: copy, … }`. */
export function isAction(key: string): boolean {
  return key === 'action' || key === 'local_action'
}

/** The module's entry as it is usually spelled, and the task with what `local_action` means. */
export function spelledOut(
  entry: MappingEntry,
  mapping: MappingNode,
  reader: Reader,
): { action: MappingEntry | undefined; mapping: MappingNode } {
  if (!isAction(entry.key)) return { action: entry, mapping }
  const action = moduleEntry(entry, reader)
  if (action && !actionNames.has(action.key)) {
    const guess = didYouMean(action.key, actionNames.names)
    reader.report({
      code: 'unknown-module',
      message: `'${action.key}' is not a module`,
      span: action.keySpan,
      hint: guess && `did you mean '${guess}'?`,
    })
    return { action: undefined, mapping }
  }
  if (entry.key === 'action') return { action, mapping }
  const localhost: MappingEntry = {
    key: 'delegate_to',
    keySpan: entry.keySpan,
    value: textNode('localhost', entry.keySpan),
  }
  return { action, mapping: { ...mapping, entries: [...mapping.entries, localhost] } }
}

function moduleEntry(entry: MappingEntry, reader: Reader): MappingEntry | undefined {
  const { value } = entry
  if (value.kind === 'mapping') {
    const module = nodeOf(value, 'module')
    const entries = value.entries.filter(({ key }) => key !== 'module')
    if (module?.kind === 'scalar' && typeof module.value === 'string')
      return { key: module.value, keySpan: module.span, value: { ...value, entries } }
  }
  const words = value.kind === 'scalar' ? /^\s*(\S+)\s*([\s\S]*)$/.exec(String(value.value ?? '')) : undefined
  if (words) {
    const rest: Node = { ...textNode(words[2]!, value.span), ...(words[2] === '' && { value: null }) }
    return { key: words[1]!, keySpan: value.span, value: rest }
  }
  reader.report({
    code: 'structure',
    message: `'${entry.key}' names no module`,
    span: value.span,
    hint: `write ${entry.key}: { module: NAME, … }`,
  })
  return undefined
}

function textNode(text: string, span: Span): ScalarNode {
  return { kind: 'scalar', value: text, style: 'quoted', raw: text, span }
}
