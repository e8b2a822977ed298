import type { Span } from '../syntax/source.js'

/** Turns offsets in a text into a span of the file that the text was read from. */
export type Locate = (start: number, end: number) => Span

/**
 * Where a part of `text` stands, when `text` was read from `span`. Quotes, escapes and folding change the text; where
 * it does not stand in the file as it is, the answer is the whole scalar.
 */
export function locator(text: string, span: Span): Locate {
  // Most texts have no mistake, and nobody asks where anything of them stands.
  let locate: Locate | undefined
  return (start, end) => {
    locate ??= locatorOf(text, span)
    return locate(start, end)
  }
}

function locatorOf(text: string, span: Span): Locate {
  const source = span.file.text.slice(span.start, span.end)
  const verbatim = text === '' ? -1 : source.indexOf(text)
  if (verbatim >= 0) {
    const base = span.start + verbatim
    return (start, end) => {
      const from = Math.min(base + start, span.end)
      return { file: span.file, start: from, end: Math.max(from + 1, base + end) }
    }
  }
  return wordLocator(text, source, span)
}

/**
 * Folding, indentation and quotes change white space only, and escapes that stand for themselves: the other characters
 * stand in the file in the same order. Where they do not, the answer is the whole scalar.
 */
function wordLocator(text: string, source: string, span: Span): Locate {
  let found: { readonly inText: readonly number[]; readonly inSource: readonly number[] } | undefined
  return (start, end) => {
    found ??= { inText: visible(text, 0, ''), inSource: visible(source, ...contentOf(source)) }
    const { inText, inSource } = found
    const same = inText.every((offset, index) => text[offset] === source[inSource[index] ?? -1])
    const index = inText.findIndex((offset) => offset >= start)
    if (!same || index < 0) return span
    const from = span.start + inSource[index]!
    return { file: span.file, start: from, end: from + Math.max(1, end - start) }
  }
}

/** Where a scalar's content begins, and its quote. */
function contentOf(source: string): [start: number, quote: string] {
  const head = /^(?:[|>][^\n]*\n|["'])/.exec(source)?.[0] ?? ''
  return [head.length, head.length === 1 ? head : '']
}

/** The offsets of the characters that are no white space; of an escape, that of the character it stands for. */
function visible(text: string, start: number, quote: string): number[] {
  const offsets: number[] = []
  for (let at = start; at < text.length; at++) {
    const isEscape = (quote === "'" && text.startsWith("''", at)) || (quote === '"' && text[at] === '\\')
    if (isEscape) at++
    if (!/\s/.test(text[at] ?? ' ')) offsets.push(at)
  }
  return offsets
}
