import type { Report } from '../errors.js'
import type { MappingEntry, Node } from './node.js'
import { formatPosition } from './source.js'

/** The entries of a mapping; a key that stands twice is reported at its second place, with the first. */
export function onceEach(entries: readonly MappingEntry[], report: Report): readonly MappingEntry[] {
  const seen = new Map<string, MappingEntry>()
  for (const entry of entries) {
    const { key, keySpan } = entry
    const first = seen.get(key)
    if (!first) seen.set(key, entry)
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
  return seen.size === entries.length ? entries : [...seen.values()]
}

/**
 * YAML's merge key: what the entries named `<<` hold comes first, a key of the mapping's own wins, and of several merged mappings the
 * first (PyYAML's flatten_mapping).
 */
export function mergeEntries(
  own: readonly MappingEntry[],
  merges: readonly MappingEntry[],
  report: Report,
): readonly MappingEntry[] {
  if (merges.length === 0) return own
  const merged = new Map<string, MappingEntry>()
  for (const { value } of merges)
    for (const source of mergeSources(value, report).reverse())
      for (const entry of source) merged.set(entry.key, entry)
  for (const entry of own) merged.set(entry.key, entry)
  return [...merged.values()]
}

function mergeSources(node: Node, report: Report): (readonly MappingEntry[])[] {
  if (node.kind === 'mapping') return [node.entries]
  if (node.kind === 'sequence') return node.items.flatMap((item) => mergeSources(item, report))
  report({ code: 'yaml', message: '<< merges mappings only', span: node.span, hint: 'name one: <<: *anchor' })
  return []
}
