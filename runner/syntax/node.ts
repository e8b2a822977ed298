import type { Span } from './source.js'

/** A scalar, read with YAML 1.1's rules in PyYAML's flavour (`yes` is true, `0644` is octal, `y` is a string). */
export interface ScalarNode {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** `plain` scalars are the ones whose type YAML guessed. */
  readonly style: 'plain' | 'quoted' | 'block'
  /** The text as written, without quotes' decoding: what a hint quotes. */
  readonly raw: string
  readonly span: Span
}

export interface SequenceNode {
  readonly kind: 'sequence'
  readonly items: readonly Node[]
  readonly span: Span
}

export interface MappingEntry {
  readonly key: string
  readonly keySpan: Span
  readonly value: Node
}

export interface MappingNode {
  readonly kind: 'mapping'
  readonly entries: readonly MappingEntry[]
  readonly span: Span
}

/** A YAML value that knows where it stands. */
export type Node = ScalarNode | SequenceNode | MappingNode
