import type { ScalarNode } from './node.js'
import { type Cursor, surrender } from './plain-scalars.js'

const header = /([|>])(-?)\n/y

/** Text over several lines: `|` keeps them, `>` folds them. Ends at the next line. */
export function readBlockScalar(cursor: Cursor, parent: number): ScalarNode {
  const { file, text, at: start } = cursor
  header.lastIndex = start
  const found = header.exec(text)
  if (!found) throw surrender
  const { lines, end } = linesBelow(text, header.lastIndex, parent)
  const body = found[1] === '|' ? lines.join('\n') : folded(lines)
  const value = found[2] === '-' ? body : `${body}\n`
  return { kind: 'scalar', value, style: 'block', raw: text.slice(start, end), span: { file, start, end } }
}

/** The lines without their indentation, blank ones at the end left out. */
function linesBelow(text: string, from: number, parent: number): { lines: string[]; end: number } {
  const lines: string[] = []
  let [at, end, indent] = [from, from, -1]
  let kept = 0
  while (at < text.length) {
    const newline = text.indexOf('\n', at)
    let first = at
    while (text.charCodeAt(first) === 32) first++
    const width = first - at
    if (first === newline) {
      if (indent < 0 || width > indent) throw surrender
      lines.push('')
    } else {
      if (indent < 0) {
        if (width <= parent) throw surrender
        indent = width
      }
      if (width < indent) break
      lines.push(text.slice(at + indent, newline))
      kept = lines.length
      end = newline + 1
    }
    at = newline + 1
  }
  if (kept === 0) throw surrender
  return { lines: lines.slice(0, kept), end }
}

/** Lines become one, blank lines breaks; those that are indented further stay as they are (YAML 1.2, 8.1.3). */
function folded(lines: readonly string[]): string {
  let text = lines[0]!
  let wasIndented = text.startsWith(' ')
  for (let i = 1; i < lines.length; i++) {
    let blanks = 0
    while (lines[i] === '') {
      blanks++
      i++
    }
    const line = lines[i]!
    const isIndented = line.startsWith(' ')
    const breaks = isIndented || wasIndented ? blanks + 1 : blanks
    text += breaks > 0 ? `${'\n'.repeat(breaks)}${line}` : ` ${line}`
    wasIndented = isIndented
  }
  return text
}
