import type { Diagnostic } from '../errors.js'
import type { ScalarNode } from './node.js'
import { resolvePlain } from './scalars.js'
import type { SourceFile } from './source.js'

/** Where reading stands in a file. */
export interface Cursor {
  readonly file: SourceFile
  readonly text: string
  at: number
  /** Where the line begins. */
  line: number
  /** Where the line of the last value ended. */
  end: number
  /** The column of the line's first letter; -1 at the end of the file. */
  indent: number
  depth: number
  /** What may surprise whoever wrote it, told if all of the file can be read. */
  readonly traps: Diagnostic[]
}

/** Thrown at the first thing that is not of the plain part of YAML. */
export const surrender = new Error('not the plain part of YAML')

export function expect(cursor: Cursor, letter: string): void {
  if (cursor.text[cursor.at] !== letter) throw surrender
  cursor.at++
}

export function skipSpaces(cursor: Cursor): void {
  while (cursor.text.charCodeAt(cursor.at) === 32) cursor.at++
}

/** Letters that begin something else than plain text. */
const indicators = /[-?:](?=[\s,[\]{}]|$)|[?,[\]{}#&*!|>'"%@`]/y
const blockText = /[^\n]*/y
const flowText = /[^\n,[\]{}]*/y

/** Text without quotes, to the end of its line or, within brackets, to what ends it there. */
export function plainNode(cursor: Cursor, isFlow: boolean): ScalarNode {
  const { file, text, at: start } = cursor
  indicators.lastIndex = start
  if (indicators.test(text)) throw surrender
  const rule = isFlow ? flowText : blockText
  rule.lastIndex = start
  const line = rule.exec(text)![0]
  const comment = line.indexOf(' #')
  if (comment >= 0 && isFlow) throw surrender
  const raw = (comment < 0 ? line : line.slice(0, comment)).trimEnd()
  if (raw === '' || /:(?:\s|$)/.test(raw) || isTorn(raw)) throw surrender
  const end = start + raw.length
  cursor.at = end
  const span = { file, start, end }
  const { value, trap, problem } = resolvePlain(raw)
  if (problem) throw surrender
  if (trap)
    cursor.traps.push({
      code: 'yaml-trap',
      message: trap,
      span,
      hint: `quote it: "${raw}"`,
      severity: 'warning',
    })
  return { kind: 'scalar', value, style: 'plain', raw, span }
}

/** YAML took a template tag apart. */
function isTorn(text: string): boolean {
  return text.includes('<%') && text.split('<%').length > text.split('%>').length
}

const double = /"(?:[^"\\\n]|\\["\\nt/])*"/y
const single = /'(?:[^'\n]|'')*'/y
const escapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', n: '\n', t: '\t', '/': '/' }

/** Text in quotes, in one line. */
export function quotedNode(cursor: Cursor): ScalarNode {
  const { file, text, at: start } = cursor
  const isDouble = text[start] === '"'
  const rule = isDouble ? double : single
  rule.lastIndex = start
  const raw = rule.exec(text)?.[0]
  if (raw === undefined) throw surrender
  const inner = raw.slice(1, -1)
  const value = isDouble
    ? inner.replace(/\\(.)/g, (_, letter: string) => escapes[letter]!)
    : inner.replaceAll("''", "'")
  cursor.at = start + raw.length
  return { kind: 'scalar', value, style: 'quoted', raw, span: { file, start, end: cursor.at } }
}

/** Nothing, where a value might have been. */
export function emptyNode({ file }: Cursor, at: number): ScalarNode {
  return { kind: 'scalar', value: null, style: 'plain', raw: '', span: { file, start: at, end: at } }
}
