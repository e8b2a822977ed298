import { Secret } from './secret.js'

/** Shorter values would blank out half of an output, and guard nothing. */
const shortest = 4

/** Replaces known secret values in whatever is shown. */
export interface Redactor {
  /** A value that must not be shown from now on, in any of the forms it travels in. */
  add(value: string | Secret): void
  text(text: string): string
  /** A copy of plain data with every string redacted. */
  clean(value: unknown): unknown
}

export function createRedactor(): Redactor {
  const known = new Set<string>()
  let pattern: RegExp | undefined

  const add = (value: string | Secret): void => {
    const text = value instanceof Secret ? value.reveal() : value
    if (text.length < shortest || known.has(text)) return
    for (const form of formsOf(text)) known.add(form)
    pattern = undefined
  }

  const text = (input: string): string => {
    if (known.size === 0) return input
    pattern ??= new RegExp(
      [...known]
        .sort((a, b) => b.length - a.length)
        .map(escapeRegExp)
        .join('|'),
      'g',
    )
    return input.replace(pattern, '***')
  }

  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (value instanceof Secret) return '***'
    if (Buffer.isBuffer(value)) return text(value.toString('utf8'))
    if (Array.isArray(value)) return value.map(clean)
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [text(key), clean(inner)]))
    return value
  }

  return { add, text, clean }
}

/** A secret as it stands in base64, in a URL, in JSON and between shell quotes (the class of CVE-2018-16876). */
function formsOf(text: string): string[] {
  return [
    text,
    Buffer.from(text, 'utf8').toString('base64').replace(/=+$/, ''),
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    text.replaceAll("'", "'\\''"),
  ].filter((form) => form.length >= shortest)
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
