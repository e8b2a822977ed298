import type { Report } from '../errors.js'
import { onceEach } from './mapping.js'
import type { MappingEntry, MappingNode, Node, SequenceNode } from './node.js'
import { readBlockScalar } from './plain-block.js'
import {
  type Cursor,
  emptyNode,
  expect,
  plainNode,
  quotedNode,
  skipSpaces,
  surrender,
} from './plain-scalars.js'
import type { SourceFile } from './source.js'

/*
 * Almost every file of people is written in a small part of YAML: block mappings and lists, values in one line, literal
 * text. That part is read here, ten times as fast as by a parser of all of YAML, which reads everything else: at the
 * first thing that is not of that part (an anchor, a tag, text over several lines, any mistake), this one gives up.
 */

/** Deeper than anybody writes. */
const maxDepth = 40
const surprising = /[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ud800-\ufefe\uff00-\uffff]|\x85/

/** The document, or nothing where a file holds more than the plain part of YAML, or nothing at all. */
export function readPlainYaml(file: SourceFile, report: Report): Node | undefined {
  if (!file.text.endsWith('\n') || surprising.test(file.text)) return undefined
  const cursor: Cursor = { file, text: file.text, at: 0, line: 0, end: 0, indent: 0, depth: 0, traps: [] }
  if (file.text.startsWith('---\n')) cursor.at = 4
  try {
    nextLine(cursor)
    if (cursor.indent < 0) return undefined
    const node = blockNode(cursor)
    if (cursor.indent >= 0) return undefined
    for (const trap of cursor.traps) report(trap)
    return node
  } catch (error) {
    if (error === surrender) return undefined
    throw error
  }
}

const blank = /(?: *(?:#[^\n]*)?\n)*/y

/** To the next line that says something: `at` is its first letter, `indent` where that stands, -1 at the end. */
function nextLine(cursor: Cursor): void {
  blank.lastIndex = cursor.at
  blank.exec(cursor.text)
  cursor.line = blank.lastIndex
  cursor.at = cursor.line
  skipSpaces(cursor)
  cursor.indent = cursor.at >= cursor.text.length ? -1 : cursor.at - cursor.line
}

/** A value ended with its line. */
function endLine(cursor: Cursor, at: number): void {
  cursor.end = at
  cursor.at = at
  nextLine(cursor)
}

function isDash({ text, at }: Cursor): boolean {
  return text[at] === '-' && (text[at + 1] === ' ' || text[at + 1] === '\n')
}

/** A list or a mapping that begins at the cursor, whose lines all begin in its column. */
function blockNode(cursor: Cursor): Node {
  if (++cursor.depth > maxDepth) throw surrender
  const node = isDash(cursor) ? sequence(cursor, cursor.indent) : mapping(cursor, cursor.at - cursor.line)
  cursor.depth--
  return node
}

function sequence(cursor: Cursor, indent: number): SequenceNode {
  const start = cursor.at
  const items: Node[] = []
  while (cursor.indent === indent && isDash(cursor)) {
    cursor.at++
    skipSpaces(cursor)
    if (cursor.text[cursor.at] === '\n') throw surrender
    const isMapping = keyAt(cursor) !== undefined
    items.push(isMapping ? blockNode(cursor) : inline(cursor, indent))
    if (cursor.indent > indent) throw surrender
  }
  return { kind: 'sequence', items, span: { file: cursor.file, start, end: cursor.end } }
}

function mapping(cursor: Cursor, indent: number): MappingNode {
  const start = cursor.at
  const entries: MappingEntry[] = []
  do {
    const key = keyAt(cursor)
    if (!key) throw surrender
    cursor.at = key.end
    entries.push({ key: key.text, keySpan: key.span, value: valueAfter(cursor, indent) })
    if (cursor.indent > indent) throw surrender
  } while (cursor.indent === indent && !isDash(cursor))
  if (cursor.indent === indent) throw surrender
  const once = onceEach(entries, () => {
    throw surrender
  })
  return { kind: 'mapping', entries: once, span: { file: cursor.file, start, end: cursor.end } }
}

const restOfLine = / *(?:(?<= )#[^\n]*)?\n/y

/** What stands after the colon, or in the lines below; the cursor is then at the next line. */
function valueAfter(cursor: Cursor, indent: number): Node {
  const colon = cursor.at
  restOfLine.lastIndex = colon
  if (!restOfLine.test(cursor.text)) {
    skipSpaces(cursor)
    return inline(cursor, indent)
  }
  endLine(cursor, restOfLine.lastIndex)
  if (cursor.indent > indent || (cursor.indent === indent && isDash(cursor))) return blockNode(cursor)
  // Where nothing stands is told by what is around it.
  if (cursor.text[colon] !== '\n') throw surrender
  return emptyNode(cursor, colon)
}

/** A value within a line, or literal text below it; lines that are indented further would belong to it. */
function inline(cursor: Cursor, indent: number): Node {
  const first = cursor.text[cursor.at]!
  if (first === '|' || first === '>') {
    const node = readBlockScalar(cursor, indent)
    endLine(cursor, node.span.end)
    return node
  }
  const node =
    first === '[' || first === '{' || first === '"' || first === "'" ? flow(cursor) : plainNode(cursor, false)
  restOfLine.lastIndex = cursor.at
  if (!restOfLine.test(cursor.text)) throw surrender
  endLine(cursor, restOfLine.lastIndex)
  if (cursor.indent > indent) throw surrender
  return node
}

const plainKey = /[A-Za-z0-9_./](?:[\w./-]| (?=[\w./-]))*(?=:[ \n])/y
const quotedKey = /(?:"[^"\\\n]*"|'[^'\n]*')(?=:[ \n])/y

interface Key {
  readonly text: string
  readonly span: MappingEntry['keySpan']
  /** After the colon. */
  readonly end: number
}

function keyAt({ file, text, at }: Cursor): Key | undefined {
  const isQuoted = text[at] === '"' || text[at] === "'"
  const rule = isQuoted ? quotedKey : plainKey
  rule.lastIndex = at
  const found = rule.exec(text)?.[0]
  if (found === undefined || found.length > 500) return undefined
  const end = at + found.length
  return { text: isQuoted ? found.slice(1, -1) : found, span: { file, start: at, end }, end: end + 1 }
}

/** A value of a flow collection, or such a collection, in one line. */
function flow(cursor: Cursor): Node {
  const { text, at } = cursor
  const first = text[at]
  if (first === '"' || first === "'") return quotedNode(cursor)
  if (first !== '[' && first !== '{') return plainNode(cursor, true)
  if (++cursor.depth > maxDepth) throw surrender
  const node = first === '[' ? flowSequence(cursor) : flowMapping(cursor)
  cursor.depth--
  return node
}

function flowSequence(cursor: Cursor): Node {
  const start = cursor.at
  const items: Node[] = []
  members(cursor, ']', () => items.push(flow(cursor)))
  return { kind: 'sequence', items, span: { file: cursor.file, start, end: cursor.at } }
}

function flowMapping(cursor: Cursor): Node {
  const start = cursor.at
  const entries: MappingEntry[] = []
  members(cursor, '}', () => {
    const key = keyAt(cursor)
    if (!key) throw surrender
    cursor.at = key.end
    skipSpaces(cursor)
    entries.push({ key: key.text, keySpan: key.span, value: flow(cursor) })
  })
  const once = onceEach(entries, () => {
    throw surrender
  })
  return { kind: 'mapping', entries: once, span: { file: cursor.file, start, end: cursor.at } }
}

/** What stands between brackets, with commas between. */
function members(cursor: Cursor, close: ']' | '}', read: () => void): void {
  cursor.at++
  skipSpaces(cursor)
  if (cursor.text[cursor.at] === close) {
    cursor.at++
    return
  }
  for (;;) {
    read()
    skipSpaces(cursor)
    if (cursor.text[cursor.at] === close) break
    expect(cursor, ',')
    skipSpaces(cursor)
  }
  cursor.at++
}
