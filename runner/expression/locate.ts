import type { Span } from '../syntax/source.js'

/** Turns offsets in a text into a span of the file that the text was read from. */
export type Locate = (start: number, end: number) => Span

/**
 * Where a part of `text` stands, when `text` was read from `span`. Quotes, escapes and folding change the text; where
 * it does not stand in the file as it is, the answer is the whole scalar.
 */
export function locator(text: string, span: Span): Locate {
  const source = span.file.text.slice(span.start, span.end)
  const verbatim = text === '' ? -1 : source.indexOf(text)
  if (verbatim >= 0) {
    const base = span.start + verbatim
    return (start, end) => {
      const from = Math.min(base + start, span.end)
      return { file: span.file, start: from, end: Math.max(from + 1, base + end) }
    }
  }
  return source.startsWith('|') ? literalLocator(text, source, span) : () => span
}

/** Lines of a block literal stand in the file as they are, but indented. */
function literalLocator(text: string, source: string, span: Span): Locate {
  const lines = source.split('\n').slice(1)
  const first = lines.find((line) => line.trim() !== '') ?? ''
  const indent = first.length - first.trimStart().length
  const starts = lineStarts(source, span.start + source.indexOf('\n') + 1)
  return (start, end) => {
    const before = text.slice(0, start)
    const line = before.split('\n').length - 1
    const column = start - (before.lastIndexOf('\n') + 1)
    const from = Math.min((starts[line] ?? span.start) + indent + column, span.end)
    return { file: span.file, start: from, end: from + Math.max(1, end - start) }
  }
}

function lineStarts(source: string, offset: number): number[] {
  let at = offset
  return source
    .split('\n')
    .slice(1)
    .map((line) => {
      const start = at
      at += line.length + 1
      return start
    })
}
