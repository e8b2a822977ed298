import { booleanOf } from '../expression/booleans.js'

/** What a role's argument spec says that a variable is, as far as text can be turned into it. */
export interface ValueType {
  readonly type?: string | undefined
  /** Of a list: what its elements are. */
  readonly elements?: string | undefined
}

const conversions: Readonly<Record<string, (text: string, type: ValueType) => unknown>> = {
  bool: booleanOf,
  int: (text) => (/^[-+]?\d+$/.test(text) ? safeInteger(text) : undefined),
  float: (text) => (/^[-+]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined),
  list: (text, { elements }) =>
    text === '' ? [] : text.split(',').map((item) => typedValue(item.trim(), { type: elements })),
}

/** A number that has more digits than a number can hold stays text. */
function safeInteger(text: string): number | undefined {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : undefined
}

/** Does its type turn text into something else? */
export function isConverted({ type }: ValueType): boolean {
  return Object.hasOwn(conversions, type ?? 'str')
}

/**
 * Text that stands for a value of that type, as that value; everything else as it is. What is typed on the command line
 * or at a question, or written in an INI inventory, has no type of its own: the role that takes it says which it is.
 */
export function typedValue(value: unknown, type: ValueType): unknown {
  if (typeof value !== 'string' || !isConverted(type)) return value
  return conversions[type.type!]!(value.trim(), type) ?? value
}
