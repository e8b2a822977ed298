import type { Report } from '../errors.js'
import type { Span } from '../syntax/source.js'
import type { Compiled } from './compiled.js'
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

const marks = /<%|%>/g

/**
 * The tags of a text, if all of them are `<%= … %>` without anything that only EJS reads: escapes, trimming tags,
 * statements. Most texts of a playbook are so, and need no template engine.
 */
export function plainPrints(text: string): Print[] | undefined {
  const prints: Print[] = []
  let open: number | undefined
  for (const { 0: mark, index } of text.matchAll(marks)) {
    const isOpening = mark === '<%'
    if (isOpening !== (open === undefined)) return undefined
    if (isOpening) {
      if (text[index + 2] !== '=') return undefined
      open = index
      continue
    }
    if (/[-_%]/.test(text[index - 1]!)) return undefined
    const codeStart = open! + 3
    prints.push({ start: open!, end: index + 2, codeStart, code: text.slice(codeStart, index) })
    open = undefined
  }
  return open === undefined && prints.length > 0 ? prints : undefined
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
  const [first] = pieces
  const names = pieces.length === 1 ? first!.names : new Set(pieces.flatMap((piece) => [...piece.names]))
  return {
    names,
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
  return (
    compiled && {
      ...compiled,
      evaluate: (scope) => {
        const value = compiled.evaluate(scope)
        try {
          return printable(value)
        } catch (error) {
          throw explainError(error, code, tag)
        }
      },
    }
  )
}
