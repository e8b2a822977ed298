import type { Report } from '../errors.js'
import type { MappingEntry, Node } from './node.js'
import { formatPosition } from './source.js'

/** A pair as it stands in the file; `merge` marks the key `<<`. */
export interface Pair extends MappingEntry {
  readonly merge: boolean
}

/** The pairs that are not `<<`; a key that stands twice is reported at its second place, with the first. */
export function pairsToEntries(pairs: readonly Pair[], report: Report): MappingEntry[] {
  const seen = new Map<string, MappingEntry>()
  for (const { key, keySpan, value, merge } of pairs) {
    if (merge) continue
    const first = seen.get(key)
    if (!first) seen.set(key, { key, keySpan, value })
    else {
      const message = `the key ${JSON.stringify(key)} stands twice in one mapping`
      report({
        code: 'yaml',
        message,
        span: keySpan,
        hint: `the first is at ${formatPosition(first.keySpan)}`,
      })
    }
  }
  return [...seen.values()]
}

/**
 * YAML's merge key: what `<<` names comes first, a key of the mapping's own wins, and of several merged mappings the
 * first (PyYAML's flatten_mapping).
 */
export function mergeEntries(own: MappingEntry[], pairs: readonly Pair[], report: Report): MappingEntry[] {
  if (!pairs.some((pair) => pair.merge)) return own
  const merged = new Map<string, MappingEntry>()
  for (const pair of pairs) {
    if (!pair.merge) continue
    for (const source of mergeSources(pair.value, report).reverse())
      for (const entry of source) merged.set(entry.key, entry)
  }
  for (const entry of own) merged.set(entry.key, entry)
  return [...merged.values()]
}

function mergeSources(node: Node, report: Report): (readonly MappingEntry[])[] {
  if (node.kind === 'mapping') return [node.entries]
  if (node.kind === 'sequence') return node.items.flatMap((item) => mergeSources(item, report))
  report({ code: 'yaml', message: '<< merges mappings only', span: node.span, hint: 'name one: <<: *anchor' })
  return []
}
