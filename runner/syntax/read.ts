import { didYouMean, type Report } from '../errors.js'
import type { MappingEntry, MappingNode, Node, ScalarNode, SequenceNode } from './node.js'

/** The node as a mapping, or a report that `what` must be one. */
export function asMapping(node: Node, what: string, report: Report): MappingNode | undefined {
  return node.kind === 'mapping' ? node : mismatch(node, what, 'a mapping', report)
}

/** The node as a list, or a report that `what` must be one. */
export function asSequence(node: Node, what: string, report: Report): SequenceNode | undefined {
  return node.kind === 'sequence' ? node : mismatch(node, what, 'a list', report)
}

/** The node as text. A number or a boolean is refused: YAML has changed what was written. */
export function asString(node: Node, what: string, report: Report): string | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'string') return node.value
  const guessed = node.kind === 'scalar' && node.style === 'plain' && node.value !== null
  return mismatch(node, what, 'text', report, guessed ? `quote it: "${node.raw}"` : undefined)
}

/** The node as true or false. */
export function asBoolean(node: Node, what: string, report: Report): boolean | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value
  return mismatch(node, what, 'true or false', report)
}

/** The node as a number. */
export function asNumber(node: Node, what: string, report: Report): number | undefined {
  if (node.kind === 'scalar' && typeof node.value === 'number') return node.value
  return mismatch(node, what, 'a number', report)
}

/** The entry of that key. */
export function entryOf(mapping: MappingNode, key: string): MappingEntry | undefined {
  // A loop, not `find`: each task is asked for each keyword that there is.
  for (const entry of mapping.entries) if (entry.key === key) return entry
  return undefined
}

/** Is it an absent value: `key:` with nothing behind, `~` or `null`? */
export function isNull(node: Node): node is ScalarNode {
  return node.kind === 'scalar' && node.value === null
}

/** The value without its places. `__proto__` is a key like any other. */
export function toPlain(node: Node): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'sequence') return node.items.map(toPlain)
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, toPlain(value)]))
}

/** Report each key that is not in `known`, with the one that was probably meant. */
export function unknownKeys(
  mapping: MappingNode,
  known: Iterable<string>,
  what: string,
  report: Report,
): void {
  const names = new Set(known)
  for (const { key, keySpan } of mapping.entries) {
    if (names.has(key)) continue
    const meant = didYouMean(key, names)
    const hint = meant ? `did you mean ${meant}?` : `known: ${[...names].sort().join(', ')}`
    report({ code: 'unknown-key', message: `${what} has no key ${JSON.stringify(key)}`, span: keySpan, hint })
  }
}

function mismatch(node: Node, what: string, wanted: string, report: Report, hint?: string): undefined {
  report({
    code: 'structure',
    message: `${what} must be ${wanted}, not ${kindOf(node)}`,
    span: node.span,
    hint,
  })
}

/** What a person calls the node's type. */
function kindOf(node: Node): string {
  if (node.kind === 'mapping') return 'a mapping'
  if (node.kind === 'sequence') return 'a list'
  if (node.value === null) return 'nothing'
  return (
    { string: 'text', number: 'a number', boolean: 'true or false' }[typeof node.value as 'string'] ?? 'that'
  )
}
