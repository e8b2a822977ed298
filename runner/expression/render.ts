import { type AnyNode, parse } from 'acorn'
import type { Report } from '../errors.js'
import type { Span } from '../syntax/source.js'
import type { Compiled, Scope } from './compiled.js'
import { syntaxError, variableNames } from './expression.js'
import type { IncludeFile } from './include.js'
import type { Locate } from './locate.js'
import { allowedGlobals, refusedName, templateNames } from './names.js'
import { printable } from './printable.js'
import { explainError, lazyCode, resolveName } from './run.js'
import { findTags, type Generated, generate, type Tag } from './tags.js'
import { type Analysis, analyse } from './walk.js'

/** A text with tags in it, and where it comes from. */
export interface TemplateText {
  readonly text: string
  readonly span: Span
  readonly locate: Locate
  /** The templates that may be included, by the name that is written; nothing where including makes no sense. */
  readonly include?: IncludeFile | undefined
}

/**
 * A text with `<% %>` tags as a function that prints. Its mistakes are reported at their places.
 * @returns `undefined` if it has any
 */
export function compileTags(template: TemplateText, report: Report): Compiled | undefined {
  const { text, locate } = template
  const { tags, problems } = findTags(text)
  let failed = false
  const fail = (message: string, start: number, end: number, hint?: string) => {
    failed = true
    report({ code: 'template', message, span: locate(start, end), hint })
  }
  for (const { message, start, end, hint } of problems) fail(message, start, end, hint)
  if (failed) return undefined
  const generated = generate(text, tags)
  const tree = parseGenerated(generated, text, fail)
  if (!tree) return undefined
  const analysis = analyse(tree, { isOwnAssignment, reserved: templateNames })
  const at = (offset: number) => generated.toTemplate(offset)
  for (const { message, start, end, hint } of analysis.findings) fail(message, at(start), at(end), hint)
  for (const [name, node] of analysis.free) {
    const message = refusedName(name)
    if (message) fail(message, at(node.start), at(node.start) + name.length)
  }
  const included = checkIncludes(tree, template, (message, node, hint) =>
    fail(message, at(node.start), at(node.end), hint),
  )
  return failed ? undefined : fromSource(template, tags, generated, analysis, included)
}

type Fail = (message: string, start: number, end: number, hint?: string) => void

function parseGenerated(generated: Generated, text: string, fail: Fail): AnyNode | undefined {
  try {
    const options = { ecmaVersion: 2022, sourceType: 'module', allowReturnOutsideFunction: false } as const
    return parse(generated.source, options) as AnyNode
  } catch (error) {
    const { message, at } = syntaxError(error)
    const isEnd = at >= generated.source.trimEnd().length
    const start = isEnd ? Math.max(0, text.trimEnd().length - 1) : generated.toTemplate(at)
    fail(message, start, start + 1, isEnd ? 'a block that a tag opens is not closed: <% } %>' : undefined)
    return undefined
  }
}

/** `__line = 7`, by which generated code remembers where it is. */
function isOwnAssignment(node: AnyNode): boolean {
  if (node.type !== 'AssignmentExpression' || node.left.type !== 'Identifier') return false
  return node.left.name === '__line' && node.right.type === 'Literal'
}

/** The included templates by the name that is written, and the variables that they read and are not given. */
interface Included {
  readonly templates: Map<string, Compiled>
  readonly names: Set<string>
  /** Where a name that an included template reads stands in it. */
  place(name: string): Span | undefined
}

function checkIncludes(
  root: AnyNode,
  template: TemplateText,
  fail: (message: string, node: AnyNode, hint?: string) => void,
): Included {
  const templates = new Map<string, Compiled>()
  const place = (name: string): Span | undefined =>
    [...templates.values()].find((each) => each.names.has(name))?.place?.(name)
  const included: Included = { templates, names: new Set(), place }
  for (const call of includeCalls(root)) {
    const [path, extra] = call.arguments
    if (!template.include) fail('include works in template files only', call)
    else if (path?.type !== 'Literal' || typeof path.value !== 'string')
      fail('include wants the name of a template as plain text', call, "include('name.ejs', { … })")
    else {
      const result = template.include(path.value)
      if ('problem' in result) fail(result.problem, path, result.hint)
      else addIncluded(included, path.value, result.compiled, extra)
    }
  }
  return included
}

function addIncluded(included: Included, path: string, compiled: Compiled, extra: AnyNode | undefined): void {
  const properties = extra?.type === 'ObjectExpression' ? extra.properties : []
  const given = new Set(
    properties.flatMap((each) =>
      each.type === 'Property' && each.key.type === 'Identifier' ? [each.key.name] : [],
    ),
  )
  included.templates.set(path, compiled)
  for (const name of compiled.names) if (!given.has(name)) included.names.add(name)
}

type CallNode = AnyNode & { type: 'CallExpression' }

function includeCalls(node: AnyNode): CallNode[] {
  const own =
    node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'include'
  const inner = Object.values(node).flatMap((value: unknown) =>
    (Array.isArray(value) ? value : [value]).flatMap((item) =>
      item !== null && typeof item === 'object' && 'type' in item ? includeCalls(item as AnyNode) : [],
    ),
  )
  return own ? [node as CallNode, ...inner] : inner
}

const head = 'let __output="",__line=1;const __append=s=>{__output+=s};try{'
const tail = '\nreturn __output}catch(__error){throw __fail(__error,__line)}'

function fromSource(
  template: TemplateText,
  tags: readonly Tag[],
  { source }: Generated,
  { free }: Analysis,
  included: Included,
): Compiled {
  const { span, text } = template
  const params = [...free.keys()].filter((name) => !templateNames.has(name) && !allowedGlobals.has(name))
  const code = lazyCode(head + source + tail, ['__fail', 'escapeFn', 'include', ...params], span.file.path)
  const names = new Set([...variableNames(params), ...included.names])
  const place = (name: string) => (free.has(name) ? nameSpan(template, tags, name) : included.place(name))
  const evaluate = (scope: Scope): unknown => {
    const fail = (error: unknown, line: number) => {
      const place = lineSpan(template, tags, line)
      return explainError(error, place.code, place.span)
    }
    const include = (path: string, extra?: Readonly<Record<string, unknown>>) =>
      included.templates.get(path)!.evaluate(extra ? overlay(scope, extra) : scope)
    const values = params.map((name) => resolveName(name, scope, () => place(name)))
    return code()(fail, printable, include, ...values)
  }
  return text === ''
    ? { names, span, constant: { value: '' }, evaluate: () => '' }
    : { names, span, place, evaluate }
}

/** The first tag's code that holds the name: good enough for a message, where acorn's node is gone. */
function nameSpan({ locate, span }: TemplateText, tags: readonly Tag[], name: string): Span {
  const pattern = new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`)
  for (const { code, codeStart } of tags) {
    const index = code.search(pattern)
    if (index >= 0) return locate(codeStart + index, codeStart + index + name.length)
  }
  return span
}

/** The tag that was printing, if only one begins on that line; the line otherwise. */
function lineSpan(
  { text, locate }: TemplateText,
  tags: readonly Tag[],
  line: number,
): { span: Span; code: string } {
  const lines = text.split('\n')
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
  const end = start + (lines[line - 1]?.length ?? 0)
  const here = tags.filter((tag) => tag.start >= start && tag.start <= end && tag.kind !== 'comment')
  const [tag] = here
  if (tag && here.length === 1) return { span: locate(tag.start, tag.end), code: tag.code }
  const shown = lines[line - 1] ?? ''
  const indent = shown.length - shown.trimStart().length
  return { span: locate(start + indent, end), code: shown }
}

function overlay(scope: Scope, extra: Readonly<Record<string, unknown>>): Scope {
  return {
    lookup: (name) => (Object.hasOwn(extra, name) ? { value: extra[name] } : scope.lookup(name)),
    names: () => new Set([...Object.keys(extra), ...scope.names()]),
  }
}
