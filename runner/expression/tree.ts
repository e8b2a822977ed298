import type { Report } from '../errors.js'
import { reportingMemo } from '../syntax/memo.js'
import type { MappingEntry, Node } from '../syntax/node.js'
import { toPlain } from '../syntax/read.js'
import { type Compiled, constant, namesOf, type Scope } from './compiled.js'
import { seal } from './data.js'
import { omit } from './omit.js'
import { compileText, type TextOptions } from './text.js'

/**
 * A YAML value with templates anywhere in it, evaluated as a whole. A key or an item whose value is `omit` is left
 * out. Mistakes are reported; a string that has one stands for nothing.
 */
export function compileNode(node: Node, report: Report, options: TextOptions = {}): Compiled {
  // Plain data costs less to look at than to remember.
  if (node.kind === 'scalar' && !mayHoldTemplate(node.value)) return constant(node.value, node.span)
  return compiled[options.jinja ?? 'error'](node, report, (each) => compileOnce(node, each, options))
}

function mayHoldTemplate(value: unknown): boolean {
  return typeof value === 'string' && /<%|%>|\{\{|\{%/.test(value)
}

const fileOf = (node: Node) => node.span.file
const compiled = {
  error: reportingMemo<Node, Compiled>(fileOf),
  inventory: reportingMemo<Node, Compiled>(fileOf),
  text: reportingMemo<Node, Compiled>(fileOf),
} satisfies Record<NonNullable<TextOptions['jinja']>, unknown>

function compileOnce(node: Node, report: Report, options: TextOptions): Compiled {
  if (node.kind === 'scalar') return compileScalar(node, report, options)
  return node.kind === 'sequence'
    ? compileItems(node, report, options)
    : compileEntries(node, report, options)
}

function compileScalar(node: Node & { kind: 'scalar' }, report: Report, options: TextOptions): Compiled {
  if (typeof node.value !== 'string') return constant(node.value, node.span)
  const compiled = compileText(node.value, node.span, report, options) ?? constant(null, node.span)
  return compiled.constant ? compiled : Object.assign(compiled, { written: node.value })
}

function compileItems(node: Node & { kind: 'sequence' }, report: Report, options: TextOptions): Compiled {
  const items = node.items.map((item) => compileNode(item, report, options))
  const build = (scope: Scope) => items.map((item) => item.evaluate(scope)).filter((value) => value !== omit)
  return compound(node, items, build)
}

function compileEntries(node: Node & { kind: 'mapping' }, report: Report, options: TextOptions): Compiled {
  for (const entry of node.entries) checkKey(entry, report)
  const entries = node.entries.map(({ key, value }) => [key, compileNode(value, report, options)] as const)
  const build = (scope: Scope) =>
    Object.fromEntries(
      entries
        .map(([key, value]) => [key, value.evaluate(scope)] as const)
        .filter(([, value]) => value !== omit),
    )
  const values = entries.map(([, value]) => value)
  return compound(node, values, build)
}

/** A list or an object: plain data if all its parts are. */
function compound(node: Node, parts: readonly Compiled[], build: (scope: Scope) => unknown): Compiled {
  if (parts.every((part) => part.constant)) return constant(seal(toPlain(node)), node.span)
  const place = (name: string) => parts.find((part) => part.names.has(name))?.place?.(name)
  return {
    names: namesOf(parts),
    span: node.span,
    place,
    written: toPlain(node),
    evaluate: (scope) => seal(build(scope)),
  }
}

function checkKey({ key, keySpan }: MappingEntry, report: Report): void {
  if (!key.includes('<%') && !key.includes('{{')) return
  const hint = 'make the whole value with one tag: <%= ({ [name]: value }) %>'
  report({ code: 'template', message: 'a key cannot hold a template', span: keySpan, hint })
}
