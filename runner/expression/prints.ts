import type { Report } from '../errors.js'
import type { Span } from '../syntax/source.js'
import { type Compiled, namesOf, type Scope } from './compiled.js'
import { compileAt } from './expression.js'
import type { Locate } from './locate.js'
import { printable } from './printable.js'
import { explainError } from './run.js'

/** One `<%= … %>` of a text, with the offsets of the tag and of its code. */
interface Print {
  readonly start: number
  readonly end: number
  readonly codeStart: number
  readonly code: string
}

/**
 * The tags of a text, if all of them are `<%= … %>` without anything that only EJS reads: escapes, trimming tags,
 * statements. Most texts of a playbook are so, and need no template engine.
 */
export function plainPrints(text: string): Print[] | undefined {
  const prints: Print[] = []
  for (let at = 0; ; ) {
    const start = text.indexOf('<%', at)
    const close = text.indexOf('%>', at)
    if (start < 0) return close < 0 && prints.length > 0 ? prints : undefined
    const codeStart = start + 3
    const inner = text.indexOf('<%', codeStart)
    const isPlain = text[start + 2] === '=' && close >= codeStart && (inner < 0 || inner > close)
    if (!isPlain || '-_%'.includes(text[close - 1]!)) return undefined
    prints.push({ start, end: close + 2, codeStart, code: text.slice(codeStart, close) })
    at = close + 2
  }
}

/**
 * A text with such tags in it, printed.
 * @returns `undefined` if it has a mistake; all of them are reported
 */
export function compilePrints(
  text: string,
  prints: readonly Print[],
  span: Span,
  locate: Locate,
  report: Report,
): Compiled | undefined {
  const parts = prints.map((print) => compilePrint(print, locate, report))
  if (parts.includes(undefined)) return undefined
  const pieces = parts as readonly Compiled[]
  const texts = prints.map(({ start }, index) => text.slice(index === 0 ? 0 : prints[index - 1]!.end, start))
  const rest = text.slice(prints.at(-1)!.end)
  return {
    names: namesOf(pieces),
    span,
    place: (name) => pieces.find((piece) => piece.names.has(name))?.place?.(name),
    evaluate: (scope) =>
      pieces.map((piece, index) => texts[index]! + String(piece.evaluate(scope))).join('') + rest,
  }
}

function compilePrint(print: Print, locate: Locate, report: Report): Compiled | undefined {
  const tag = locate(print.start, print.end)
  const code = print.code.replace(/;\s*$/, '')
  const place: Locate = (start, end) => locate(print.codeStart + start, print.codeStart + end)
  const compiled = compileAt(code, tag, place, report)
  if (!compiled) return undefined
  const { evaluate } = compiled
  return Object.assign(compiled, {
    evaluate: (scope: Scope) => {
      const value = evaluate(scope)
      try {
        return printable(value)
      } catch (error) {
        throw explainError(error, code, tag)
      }
    },
  })
}
