/** A text file that was read, kept so that messages can quote it. `path` is shown as it is. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** A half-open range of UTF-16 offsets `[start, end)` in a source file. */
export interface Span {
  readonly file: SourceFile
  readonly start: number
  readonly end: number
}

/** Line and column, both counted from 1, as editors do. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Where a span begins. */
export function position(span: Span): Position {
  const starts = lineStarts(span.file)
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (starts[middle]! <= span.start) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: span.start - starts[low]! + 1 }
}

const knownStarts = new WeakMap<SourceFile, readonly number[]>()

/** Where each line begins; found once a file, since every task and message asks for its place. */
function lineStarts(file: SourceFile): readonly number[] {
  const known = knownStarts.get(file)
  if (known) return known
  const starts = [0]
  for (let at = file.text.indexOf('\n'); at >= 0; at = file.text.indexOf('\n', at + 1)) starts.push(at + 1)
  knownStarts.set(file, starts)
  return starts
}

function lineText(file: SourceFile, line: number): string {
  const starts = lineStarts(file)
  const next = starts[line]
  return file.text.slice(starts[line - 1], next === undefined ? undefined : next - 1)
}

/** `file:line:col`, the form that terminals and editors make clickable. */
export function formatPosition(span: Span): string {
  const { line, column } = position(span)
  return `${span.file.path}:${line}:${column}`
}

/** Longer lines are cut in code frames, around what is meant. */
const maxWidth = 160

/** The offending line with one line of context on either side, and carets below what is meant. */
export function codeFrame(span: Span): string {
  const { line, column } = position(span)
  const first = Math.max(1, line - 1)
  const last = Math.min(lineStarts(span.file).length, line + 1)
  const width = String(last).length
  const skipped = column > maxWidth ? column - maxWidth / 2 : 0
  const frame: string[] = []
  for (let n = first; n <= last; n++) {
    const text = lineText(span.file, n)
      .replace(/\r$/, '')
      .slice(skipped, skipped + maxWidth)
    frame.push(`${n === line ? '>' : ' '} ${String(n).padStart(width)} | ${text}`)
    if (n !== line) continue
    const length = Math.max(1, Math.min(span.end - span.start, text.length - (column - skipped) + 1))
    const indent = text.slice(0, column - skipped - 1).replace(/[^\t]/g, ' ')
    frame.push(`  ${' '.repeat(width)} | ${indent}${'^'.repeat(length)}`)
  }
  return frame.join('\n')
}
