import { Secret } from './secret.js'

/** Shorter values would blank out half of an output, and guard nothing. */
const shortest = 4
/** Of texts that were looked through, only short ones are remembered, and not more than these. */
const longestRemembered = 200
const mostRemembered = 20_000
/** Secrets may be whole files: what has not so much of the beginning of one does not hold it. */
const beginningLength = 16

/** Replaces known secret values in whatever is shown. */
export interface Redactor {
  /** A value that must not be shown from now on, in any of the forms it travels in. */
  add(value: string | Secret): void
  text(text: string): string
  /** Plain data with every string redacted: itself where it has nothing to hide, else a copy of it. */
  clean(value: unknown): unknown
}

export function createRedactor(): Redactor {
  const known = new Set<string>()
  let beginnings: RegExp | undefined
  let pattern: RegExp | undefined
  /** Texts with nothing to hide: names of fields, hosts and tasks come with every event. */
  const harmless = new Set<string>()

  const add = (value: string | Secret): void => {
    const text = value instanceof Secret ? value.reveal() : value
    if (text.length < shortest || known.has(text)) return
    for (const form of formsOf(text)) known.add(form)
    beginnings = undefined
    pattern = undefined
    harmless.clear()
  }

  const isHarmless = (input: string): boolean => {
    beginnings ??= anyOf(new Set([...known].map((form) => form.slice(0, beginningLength))))
    return !beginnings.test(input)
  }

  const text = (input: string): string => {
    if (known.size === 0 || input.length < shortest || harmless.has(input)) return input
    if (isHarmless(input)) {
      if (harmless.size === mostRemembered) harmless.clear()
      if (input.length <= longestRemembered) harmless.add(input)
      return input
    }
    pattern ??= anyOf(known, 'g')
    return input.replace(pattern, '***')
  }

  const clean = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (value instanceof Secret) return '***'
    if (Buffer.isBuffer(value)) return text(value.toString('utf8'))
    if (value === null || typeof value !== 'object') return value
    return Array.isArray(value) ? cleanArray(value) : cleanObject(value as Record<string, unknown>)
  }

  // Nearly all events have nothing to hide, and they come by the thousand: only what is different is copied.
  const cleanArray = (list: readonly unknown[]): readonly unknown[] => {
    const cleaned = list.map(clean)
    return cleaned.some((item, index) => item !== list[index]) ? cleaned : list
  }

  const cleanObject = (object: Record<string, unknown>): Record<string, unknown> => {
    let cleaned: [string, unknown][] | undefined
    const keys = Object.keys(object)
    for (const [index, key] of keys.entries()) {
      const [name, inner] = [text(key), clean(object[key])]
      if (!cleaned && (name !== key || inner !== object[key]))
        cleaned = keys.slice(0, index).map((before) => [before, object[before]])
      cleaned?.push([name, inner])
    }
    return cleaned ? Object.fromEntries(cleaned) : object
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

/** Finds any of these texts, the longest that is there. */
function anyOf(texts: ReadonlySet<string>, flags?: string): RegExp {
  const longestFirst = [...texts].sort((a, b) => b.length - a.length)
  return new RegExp(longestFirst.map(escapeRegExp).join('|'), flags)
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
