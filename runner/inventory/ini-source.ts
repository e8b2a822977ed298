import { didYouMean, type Report } from '../errors.js'
import { constant } from '../expression/index.js'
import type { MappingEntry, MappingNode, Node } from '../syntax/node.js'
import type { SourceFile, Span } from '../syntax/source.js'
import { variablesFromNode } from '../vars/variables.js'
import { addChild, addHost, type Draft, groupOf } from './builder.js'
import { groupNameProblem, readPriority, warnOfGroupName } from './group-names.js'
import { readHostKey } from './host-key.js'
import { pythonLiteral } from './python-literal.js'
import { RangeSyntaxError } from './ranges.js'
import { splitWords, type Word } from './shlex.js'

type SectionKind = 'hosts' | 'children' | 'vars'

interface Section {
  readonly group: string
  readonly kind: SectionKind
}

/** A name that was used before a section declared it. */
interface Pending {
  readonly span: Span
  readonly message: string
}

interface Ini {
  readonly file: SourceFile
  readonly draft: Draft
  readonly report: Report
  /** Groups that exist: declared by `[g]` or `[g:children]`, or known from an earlier source. */
  readonly declared: Set<string>
  readonly pending: Map<string, Pending>
}

const sectionForm = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/

/**
 * Read an inventory in Ansible's INI form into the draft: lines before the first section name hosts of no group;
 * `[g]` holds hosts, `[g:children]` groups, `[g:vars]` variables. Values are Python literals, or text.
 */
export function readIniInventory(file: SourceFile, draft: Draft, report: Report): void {
  const ini: Ini = { file, draft, report, declared: new Set(draft.groups.keys()), pending: new Map() }
  ini.declared.add('all').add('ungrouped')
  let section: Section | undefined = { group: 'ungrouped', kind: 'hosts' }
  let offset = 0
  for (const line of file.text.split('\n')) {
    const start = offset + (line.length - line.trimStart().length)
    const text = line.trim()
    const span: Span = { file, start, end: start + Math.max(1, text.length) }
    offset += line.length + 1
    if (text === '' || text.startsWith('#') || text.startsWith(';')) continue
    if (sectionForm.test(text)) section = readSection(text, span, ini)
    else if (text.startsWith('[') && text.endsWith(']'))
      report({
        code: 'inventory',
        message: 'this is no section',
        span,
        hint: 'write [group], without spaces',
      })
    else if (section) readLine(text, span, section, ini)
  }
  for (const [name, { span, message }] of ini.pending) reportPending(name, span, message, ini)
}

function reportPending(name: string, span: Span, message: string, { declared, report }: Ini): void {
  const meant = didYouMean(name, declared)
  const hint = meant ? `did you mean ${meant}?` : `declare it: [${name}]`
  report({ code: 'inventory', message, span, hint })
}

function readSection(text: string, span: Span, ini: Ini): Section | undefined {
  const [, group = '', kind = 'hosts'] = sectionForm.exec(text) ?? []
  const problem = groupNameProblem(group)
  if (problem) {
    ini.report({ code: 'inventory', message: problem, span })
    return undefined
  }
  if (kind !== 'hosts' && kind !== 'children' && kind !== 'vars') {
    const meant = didYouMean(kind, ['hosts', 'children', 'vars'])
    const hint = meant ? `did you mean ${meant}?` : 'there are [g], [g:children] and [g:vars]'
    ini.report({ code: 'inventory', message: `there is no kind of section ${kind}`, span, hint })
    return undefined
  }
  if (kind !== 'vars') {
    ini.declared.add(group)
    ini.pending.delete(group)
    warnOfGroupName(group, span, ini.report)
  } else if (!ini.declared.has(group) && !ini.pending.has(group))
    ini.pending.set(group, { span, message: `variables of ${group}, which is no group` })
  groupOf(ini.draft, group, span)
  return { group, kind }
}

function readLine(text: string, span: Span, { group, kind }: Section, ini: Ini): void {
  if (kind === 'hosts') readHosts(group, text, span, ini)
  else if (kind === 'vars') readVariable(group, text, span, ini)
  else readChild(group, text, span, ini)
}

function readChild(group: string, text: string, span: Span, ini: Ini): void {
  const [, name = ''] = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(text) ?? []
  const problem = name === '' ? 'a group name is wanted here' : groupNameProblem(name)
  if (problem) {
    ini.report({ code: 'inventory', message: problem, span })
    return
  }
  if (!ini.declared.has(name))
    ini.pending.set(name, { span, message: `${group} has a child ${name}, which is no group` })
  addChild(ini.draft, group, name, span)
}

function readVariable(group: string, text: string, span: Span, { draft, report }: Ini): void {
  const at = text.indexOf('=')
  if (at < 0) {
    report({ code: 'inventory', message: 'key=value is wanted here', span })
    return
  }
  const value = text.slice(at + 1).trim()
  const valueStart = span.start + text.length - text.slice(at + 1).trimStart().length
  const place = (start: number, length: number): Span => ({
    file: span.file,
    start,
    end: start + Math.max(1, length),
  })
  const entry = entryOf(
    text.slice(0, at).trim(),
    value,
    place(span.start, at),
    place(Math.min(valueStart, span.end - 1), value.length),
  )
  const { vars } = groupOf(draft, group)
  if (entry.key === 'ansible_group_priority') {
    const target = groupOf(draft, group)
    target.priority = readPriority(pythonLiteral(value), entry.value.span, report) ?? target.priority
    return
  }
  const layer = 'inventory-group-vars'
  for (const [key, variable] of variablesFromNode(mappingOf([entry], span), layer, report, {
    jinja: 'inventory',
    note: group,
  }))
    vars.set(key, variable)
}

function readHosts(group: string, text: string, span: Span, ini: Ini): undefined {
  const words = splitWords(text)
  const fail = (message: string, hint?: string): undefined => {
    ini.report({ code: 'inventory', message, span, hint })
  }
  if (typeof words === 'string') return fail(words)
  const [key, ...pairs] = words
  if (!key) return undefined
  if (key.text === '---') return fail('--- begins a YAML file', 'give it the ending .yaml')
  const entries = pairs.flatMap((word) => pairOf(word, span, ini.report) ?? [])
  try {
    const { names, port } = readHostKey(key.text)
    for (const name of names) setHost(group, name, port, mappingOf(entries, span), span, ini)
    if (names.length === 0)
      ini.report({ code: 'inventory', message: `${key.text} stands for no host`, span, severity: 'warning' })
  } catch (error) {
    if (!(error instanceof RangeSyntaxError)) throw error
    fail(error.message)
  }
  return undefined
}

function setHost(
  group: string,
  name: string,
  port: number | undefined,
  body: MappingNode,
  span: Span,
  { draft, report }: Ini,
): void {
  const layer = 'inventory-host-vars'
  const { vars } = addHost(draft, group, name)
  if (port !== undefined)
    vars.set('ansible_port', { value: constant(port, span), origin: { layer, span, note: name } })
  for (const [key, variable] of variablesFromNode(body, layer, report, { jinja: 'inventory', note: name }))
    vars.set(key, variable)
}

function pairOf(word: Word, line: Span, report: Report): MappingEntry | undefined {
  const span: Span = { file: line.file, start: line.start + word.start, end: line.start + word.end }
  const at = word.text.indexOf('=')
  if (at > 0) return entryOf(word.text.slice(0, at), word.text.slice(at + 1), span, span)
  const hint = 'a value with spaces needs quotes: key="a b"'
  report({ code: 'inventory', message: `${word.text} is no key=value`, span, hint })
  return undefined
}

function mappingOf(entries: readonly MappingEntry[], span: Span): MappingNode {
  return { kind: 'mapping', entries, span }
}

function entryOf(key: string, text: string, keySpan: Span, span: Span): MappingEntry {
  return { key, keySpan, value: nodeOf(pythonLiteral(text), span) }
}

function nodeOf(value: unknown, span: Span): Node {
  if (Array.isArray(value)) return { kind: 'sequence', items: value.map((item) => nodeOf(item, span)), span }
  if (typeof value === 'object' && value !== null)
    return mappingOf(
      Object.entries(value).map(([key, inner]) => ({ key, keySpan: span, value: nodeOf(inner, span) })),
      span,
    )
  const scalar = value as string | number | boolean | null
  return { kind: 'scalar', value: scalar, style: 'quoted', raw: String(scalar), span }
}
