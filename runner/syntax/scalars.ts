/** What a plain scalar means, and what may surprise whoever wrote it. */
export interface Plain {
  readonly value: string | number | boolean | null
  /** Why the text may not be what was meant. */
  readonly trap?: string | undefined
  /** Why the text cannot be used as it stands. */
  readonly problem?: string | undefined
}

const booleans = new Map<string, boolean>(
  [
    ['yes', true],
    ['no', false],
    ['true', true],
    ['false', false],
    ['on', true],
    ['off', false],
  ].flatMap(([word, value]) => spellings(word as string).map((spelling) => [spelling, value as boolean])),
)
const nulls = new Set(['', '~', ...spellings('null')])

const integer = /^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/
const special = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/

/**
 * The value of a plain scalar, by the rules of PyYAML's resolver (YAML 1.1, but `y` and `n` are strings, `0o644` and
 * `1e5` too). Dates stay text: PyYAML's date objects have no counterpart in a task's arguments.
 */
export function resolvePlain(text: string): Plain {
  if (nulls.has(text)) return { value: null }
  const boolean = booleans.get(text)
  if (boolean !== undefined) return { value: boolean }
  if (!/^[-+.0-9]/.test(text)) return { value: text }
  if (integer.test(text)) return resolveInteger(text)
  if (float.test(text)) return resolveFloat(text)
  if (special.test(text)) return { value: specialFloat(text) }
  return { value: text }
}

function resolveInteger(text: string): Plain {
  const value = parseInteger(text)
  if (Number.isNaN(value)) return { value: text }
  if (!Number.isSafeInteger(value))
    return { value: text, problem: `${text} is too large for a number and would lose digits` }
  if (text.includes(':')) return { value, trap: `${text} is read in base 60, as ${value}` }
  if (/^0[0-7]{5,}$/.test(text)) return { value, trap: `${text} is read as octal, as ${value}` }
  return { value }
}

function resolveFloat(text: string): Plain {
  if (text.includes(':')) {
    const value = sexagesimal(text.replaceAll('_', ''))
    return { value, trap: `${text} is read in base 60, as ${value}` }
  }
  const value = Number.parseFloat(text.replaceAll('_', ''))
  if (/^[0-9]+\.[0-9]*0$/.test(text)) return { value, trap: `${text} is read as the number ${value}` }
  return { value }
}

function parseInteger(text: string): number {
  const plain = text.replaceAll('_', '')
  const sign = plain.startsWith('-') ? -1 : 1
  const digits = plain.replace(/^[-+]/, '')
  const magnitude = digits.startsWith('0b')
    ? Number.parseInt(digits.slice(2), 2)
    : digits.startsWith('0x')
      ? Number.parseInt(digits.slice(2), 16)
      : digits.includes(':')
        ? sexagesimal(digits)
        : Number.parseInt(digits, /^0./.test(digits) ? 8 : 10)
  return magnitude === 0 ? 0 : sign * magnitude
}

function sexagesimal(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1
  const parts = text.replace(/^[-+]/, '').split(':')
  return sign * parts.reduce((sum, part) => sum * 60 + Number(part), 0)
}

function specialFloat(text: string): number {
  if (/nan$/i.test(text)) return Number.NaN
  return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

function spellings(word: string): string[] {
  return [word, word[0]!.toUpperCase() + word.slice(1), word.toUpperCase()]
}
