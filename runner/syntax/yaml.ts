import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  parseAllDocuments,
  stringify,
  type YAMLParseError,
} from 'yaml'
import type { Diagnostic, Report } from '../errors.js'
import { mergeEntries, onceEach } from './mapping.js'
import { reportingMemo } from './memo.js'
import type { MappingEntry, Node, ScalarNode } from './node.js'
import { readPlainYaml } from './plain-yaml.js'
import { resolvePlain } from './scalars.js'
import type { SourceFile, Span } from './source.js'

/** Nesting deeper than this is refused: nobody writes it, and whatever walks the tree may recurse. */
const maxDepth = 100
/** What aliases may add up to: beyond it a small file would become an endless tree. */
const maxNodes = 1_000_000
/** One mistake often makes a parser stumble many times. */
const maxErrors = 20

/** What is known while one document is turned into nodes. */
interface Context {
  readonly file: SourceFile
  /** Nothing in it is a template. */
  readonly isData: boolean
  readonly report: Report
  /** Anchors by name; `undefined` while the node that carries it is still being read. */
  readonly anchors: Map<string, Node | undefined>
  /** How many nodes each node that was named again stands for, aliases counted in full. */
  readonly sizes: Map<Node, number>
  /** How many nodes all aliases stand for. */
  expanded: number
}

/**
 * Read one YAML document as Ansible does (PyYAML's YAML 1.1), with positions. Every mistake in it is reported, none is
 * thrown. Mapping keys are the text as written: `on:` is the key `on`.
 * @returns `undefined` where the file is empty, or where it has an error
 */
export function parseYaml(file: SourceFile, report: Report): Node | undefined {
  return parsed(file, report, (each) => parseFile(file, each, false))
}

/** The same for text that never holds templates, however it looks: what a host said. */
export function parseYamlData(file: SourceFile, report: Report): Node | undefined {
  return parseFile(file, report, true)
}

const parsed = reportingMemo<SourceFile, Node | undefined>((file) => file)

function parseFile(file: SourceFile, report: Report, isData: boolean): Node | undefined {
  return readPlainYaml(file, report) ?? parseAnyYaml(file, report, isData)
}

/** The same by a parser of all of YAML. */
export function parseAnyYaml(file: SourceFile, report: Report, isData: boolean): Node | undefined {
  let errors = 0
  const count = (diagnostic: Diagnostic) => {
    const isError = diagnostic.severity !== 'warning'
    if (isError) errors++
    if (!isError || errors <= maxErrors) report(diagnostic)
  }
  const document = parseDocument(file, count)
  if (errors > 0 || !document?.contents) return undefined
  const context: Context = { file, isData, report: count, anchors: new Map(), sizes: new Map(), expanded: 0 }
  if (isEmpty(document.contents)) return undefined
  const node = convert(document.contents, context, 0)
  return errors > 0 ? undefined : node
}

/** A value as YAML text, block style, without folding: what the helper `toYaml` prints. */
export function stringifyYaml(value: unknown): string {
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}

function parseDocument(file: SourceFile, report: Report): Document.Parsed | undefined {
  const options = {
    schema: 'failsafe',
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'silent',
    keepSourceTokens: false,
    resolveKnownTags: false,
  } as const
  const documents = parseAllDocuments(file.text, options)
  if (!Array.isArray(documents)) return undefined
  // What the parser finds in the rest of a line follows from the first mistake in it.
  const lines = new Set<number>()
  for (const error of documents.flatMap((document) => document.errors)) {
    const line = file.text.lastIndexOf('\n', error.pos[0] - 1)
    if (!lines.has(line)) report(describe(error, file))
    lines.add(line)
  }
  const second = documents[1]
  if (second) {
    const start = file.text.lastIndexOf('---', second.range[1])
    const span = { file, start: Math.max(0, start), end: Math.max(0, start) + 3 }
    report({ code: 'yaml', message: 'a second document begins here; a file holds one', span })
  }
  return documents[0]
}

function describe(error: YAMLParseError, file: SourceFile): Diagnostic {
  const [start, end] = error.pos
  const from = file.text.lastIndexOf('\n', start - 1) + 1
  const to = file.text.indexOf('\n', start)
  const line = file.text.slice(from, to < 0 ? undefined : to)
  const tab = /^ *\t/.exec(line)
  if (tab) {
    const at = from + tab[0].length - 1
    const message = 'a tab cannot indent in YAML'
    return { code: 'yaml', message, span: { file, start: at, end: at + 1 }, hint: 'write spaces' }
  }
  const message = error.code === 'RESOURCE_EXHAUSTION' ? 'nested too deeply to be read' : error.message
  return {
    code: 'yaml',
    message,
    span: { file, start, end: Math.max(end, start + 1) },
    hint: quotingHint(line, message),
  }
}

function quotingHint(line: string, message: string): string | undefined {
  if (line.includes('<%')) return 'YAML took this apart: put quotes around the value that holds <% … %>'
  if (line.includes('{{')) return 'a value that begins with {{ needs quotes; a template is written <%= … %>'
  if (message.startsWith('Unexpected flow-'))
    return 'put quotes around a value that holds a bracket, a brace or a comma'
  if (/: .*: /.test(line)) return 'put quotes around a value that holds a colon and a space'
  return undefined
}

function isEmpty(node: ParsedNode): boolean {
  return isScalar(node) && node.type === 'PLAIN' && node.source === '' && !node.tag
}

function convert(node: ParsedNode, context: Context, depth: number): Node {
  const span = spanOf(node, context.file)
  if (depth > maxDepth) return refuse(context, span, `nested deeper than ${maxDepth} levels`)
  if (isAlias(node)) return resolveAlias(node.source, span, context)
  if (node.anchor) context.anchors.set(node.anchor, undefined)
  const result = isMap(node)
    ? convertMap(node, span, context, depth)
    : isSeq(node)
      ? convertSequence(node, span, context, depth)
      : convertScalar(node, span, context)
  if (node.anchor) context.anchors.set(node.anchor, result)
  return result
}

function convertMap(
  node: ParsedNode & { items: unknown },
  span: Span,
  context: Context,
  depth: number,
): Node {
  checkTag(node, 'map', span, context)
  const pairs = (node as { items: { key: ParsedNode; value: ParsedNode | null }[] }).items
  const read: MappingEntry[] = []
  const merged: MappingEntry[] = []
  for (const { key, value } of pairs) {
    const keySpan = spanOf(key, context.file)
    const name = keyText(key, keySpan, span, context)
    if (name === undefined) continue
    const child = value ? convert(value, context, depth + 1) : emptyAt(keySpan)
    const isMerge = name === '<<' && isScalar(key) && key.type === 'PLAIN'
    ;(isMerge ? merged : read).push({ key: name, keySpan, value: child })
  }
  const entries = onceEach(read, context.report)
  return { kind: 'mapping', entries: mergeEntries(entries, merged, context.report), span }
}

function convertSequence(
  node: ParsedNode & { items: unknown },
  span: Span,
  context: Context,
  depth: number,
): Node {
  checkTag(node, 'seq', span, context)
  const items = (node as { items: ParsedNode[] }).items.map((item) => convert(item, context, depth + 1))
  return { kind: 'sequence', items, span }
}

const styles: Readonly<Record<string, ScalarNode['style']>> = {
  PLAIN: 'plain',
  QUOTE_DOUBLE: 'quoted',
  QUOTE_SINGLE: 'quoted',
  BLOCK_FOLDED: 'block',
  BLOCK_LITERAL: 'block',
}

function convertScalar(node: ParsedNode, span: Span, context: Context): Node {
  if (!isScalar(node)) return refuse(context, span, 'this cannot be read')
  const style = styles[node.type ?? 'PLAIN'] ?? 'plain'
  const text = String(node.value ?? '')
  const raw = context.file.text.slice(span.start, span.end)
  const tag = checkTag(node, 'scalar', span, context)
  const value = style === 'plain' || (tag && tag !== 'str') ? typed(text, tag, span, context) : text
  const mayBeTorn = !context.isData && style === 'plain' && text.includes('<%')
  if (mayBeTorn && text.split('<%').length > text.split('%>').length)
    refuse(context, span, 'YAML took this template tag apart', 'put quotes around the whole value')
  return { kind: 'scalar', value, style, raw, span }
}

function typed(text: string, tag: string | undefined, span: Span, context: Context): ScalarNode['value'] {
  if (tag === 'str') return text
  const { value, trap, problem } = resolvePlain(text)
  if (problem) refuse(context, span, problem, 'quote it')
  if (trap)
    context.report({
      code: 'yaml-trap',
      message: trap,
      span,
      hint: `quote it: "${text}"`,
      severity: 'warning',
    })
  const type = value === null ? 'null' : typeof value
  const wanted = { int: 'number', float: 'number', bool: 'boolean', null: 'null' }[tag ?? '']
  if (wanted && wanted !== type) refuse(context, span, `${text} is no ${tag}`)
  return value
}

const knownTags: Readonly<Record<'map' | 'seq' | 'scalar', readonly string[]>> = {
  map: ['map'],
  seq: ['seq'],
  scalar: ['str', 'int', 'float', 'bool', 'null'],
}

/** Tags of Ansible's own, and what to do without them. */
const tagHints = new Map([
  ['!unsafe', 'a value is never a template unless it holds <% … %>: drop the tag'],
  ['!vault', 'there is no vault: give secrets by a prompt, by -e @file or by readFile()'],
])

/** The name of a core tag such as `!!str`; anything else is reported. */
function checkTag(
  node: ParsedNode,
  kind: keyof typeof knownTags,
  span: Span,
  context: Context,
): string | undefined {
  const tag = (node as { tag?: string }).tag
  if (!tag) return undefined
  const name = tag === '!' ? 'str' : tag.replace('tag:yaml.org,2002:', '')
  if (knownTags[kind].includes(name) || (tag === '!' && kind !== 'scalar')) return name
  const shown = tag.startsWith('tag:yaml.org,2002:') ? `!!${name}` : tag
  refuse(context, tagSpan(span), `the tag ${shown} is not known`, tagHints.get(shown))
  return undefined
}

/** A tag stands before its value. */
function tagSpan(value: Span): Span {
  const written = /!\S*(?=\s*$)/.exec(value.file.text.slice(0, value.start).slice(-200))?.[0]
  if (written === undefined) return value
  const start = value.file.text.lastIndexOf(written, value.start)
  return { ...value, start, end: start + written.length }
}

function keyText(key: ParsedNode, keySpan: Span, mapSpan: Span, context: Context): string | undefined {
  if (isScalar(key)) {
    const text = String(key.value ?? '')
    if (text !== '' || key.type !== 'PLAIN') return text
    refuse(context, keySpan, 'a key is missing here')
    return undefined
  }
  const template = context.file.text.startsWith('{{', mapSpan.start)
  if (template)
    refuse(context, mapSpan, 'an unquoted {{ … }} is a mapping in YAML', 'a template is written <%= … %>')
  else refuse(context, keySpan, 'a key must be plain text')
  return undefined
}

function resolveAlias(name: string, span: Span, context: Context): Node {
  const node = context.anchors.get(name)
  if (node) return measuredAlias(node, span, context)
  const message = context.anchors.has(name) ? `&${name} contains itself` : `nothing is named &${name} above`
  return refuse(context, span, message)
}

/** Counted where something is named again, which few files do; what was counted is not counted twice. */
function sizeOf(node: Node, sizes: Map<Node, number>): number {
  if (node.kind === 'scalar') return 1
  const known = sizes.get(node)
  if (known !== undefined) return known
  const children = node.kind === 'sequence' ? node.items : node.entries.map((entry) => entry.value)
  const size = children.reduce((sum, child) => sum + sizeOf(child, sizes), 1)
  sizes.set(node, size)
  return size
}

function measuredAlias(node: Node, span: Span, context: Context): Node {
  const before = context.expanded
  context.expanded += sizeOf(node, context.sizes)
  if (context.expanded <= maxNodes) return node
  if (before > maxNodes) return emptyAt(span)
  return refuse(context, span, `aliases add up to more than ${maxNodes} values`)
}

function refuse(context: Context, span: Span, message: string, hint?: string): ScalarNode {
  context.report({ code: 'yaml', message, span, hint })
  return emptyAt(span)
}

function emptyAt(span: Span): ScalarNode {
  const at = { ...span, start: span.end }
  return { kind: 'scalar', value: null, style: 'plain', raw: '', span: at }
}

function spanOf(node: ParsedNode, file: SourceFile): Span {
  const [start, end] = node.range
  return { file, start, end }
}
