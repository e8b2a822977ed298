import { resolve } from 'node:path'
import { z } from 'zod'
import { type Diagnostic, InputError } from '../errors.js'
import { type Compiled, constant } from '../expression/compiled.js'
import { defineControl } from '../modules/control/control.js'
import type { MappingEntry, MappingNode, Node } from '../syntax/node.js'
import { asBoolean, asMapping, toPlain } from '../syntax/read.js'
import type { Span } from '../syntax/source.js'
import { inSight, type Reader, readValue, type Surroundings } from './context.js'
import { argumentWords } from './free-form.js'
import { importRole } from './imports.js'
import { inheritKeywords, within } from './inherit.js'
import { inheritable, isLoop } from './keywords.js'
import type { Include, Included, PlanNode, Task } from './plan.js'
import { roleFolder } from './role.js'
import { staticText } from './static-text.js'
import { checkFields, checkKeys, nodeOf } from './structure.js'
import { ownLayers, readTaskFile, taskFrame } from './tasks.js'

/** What an include names: a file, or a role and the files of it. Texts once they are known. */
type Names = Readonly<Record<string, string>>

/** The arguments of an include, read. */
interface Request {
  readonly isRole: boolean
  readonly names: readonly (readonly [string, Node])[]
  readonly apply: MappingNode | undefined
  readonly isPublic: boolean | undefined
  /** The role's argument spec is checked before its first task. */
  readonly isValidated: boolean
  /** It runs on a host that has run it before (`allow_duplicates`). */
  readonly isRepeated: boolean
  /** The variables that it is given: with others, a role is asked for anew. */
  readonly vars: unknown
  readonly span: Span
}

/** The arguments of roles, as tsplay doc has them, too (directives.ts). */
export const roleNames = ['name', 'tasks_from', 'vars_from', 'defaults_from', 'handlers_from']
export const roleFlags = ['public', 'allow_duplicates', 'rolespec_validate']
const onImports: ReadonlySet<string> = new Set([
  ...inheritable,
  'name',
  'vars',
  'tags',
  'when',
  'environment',
  'delegate_to',
  'delegate_facts',
  'notify',
])
const onIncludes: ReadonlySet<string> = new Set(['name', 'vars', 'tags', 'when', 'loop_control'])

/** `import_…`: the children stand here as if written here. `include_…`: `when` and `loop` count once, here. */
export function readDirective(
  name: string,
  entry: MappingEntry,
  mapping: MappingNode,
  around: Surroundings,
  reader: Reader,
): PlanNode[] {
  const isImport = name.startsWith('import_')
  checkDirective(name, entry, mapping, isImport, reader)
  const request = readRequest(name, entry, mapping, reader)
  if (!request) return []
  const frame = taskFrame(mapping, around, reader, isImport ? 'task-vars' : 'include-params')
  if (isImport) {
    const inner = within(around, {
      keywords: { ...frame.keywords, notify: frame.notify },
      layers: frame.layers,
    })
    const names = staticNames(request, inner, reader)
    return names ? [...readNow(request, names, inner, true, reader).children] : []
  }
  return [readInclude(name, request, frame, around, reader)]
}

/** Keywords that would be ignored here are mistakes: an include hands none down but by `apply`. */
function checkDirective(
  name: string,
  entry: MappingEntry,
  mapping: MappingNode,
  isImport: boolean,
  reader: Reader,
): void {
  const control = nodeOf(mapping, 'loop_control')
  for (const { key, keySpan } of control?.kind === 'mapping' ? control.entries : [])
    if (key === 'pause' || key === 'break_when')
      reader.report({
        code: 'unsupported-key',
        message: `'${key}' has no meaning on '${name}'`,
        span: keySpan,
      })
  for (const { key, keySpan } of mapping.entries) {
    if (key === entry.key) continue
    if (isImport && isLoop(key))
      reader.report({
        code: 'structure',
        message: `'${name}' is read before the run and cannot loop`,
        span: keySpan,
        hint: `use include_${name.slice('import_'.length)}`,
      })
    else if (!(isImport ? onImports : onIncludes).has(key) && !isLoop(key))
      reader.report({
        code: 'unsupported-key',
        message: `'${key}' has no meaning on '${name}'`,
        span: keySpan,
        hint: onImports.has(key)
          ? `hand it down with apply: { ${key}: … }`
          : `give it to the tasks that are brought in`,
      })
  }
}

function readRequest(
  name: string,
  entry: MappingEntry,
  task: MappingNode,
  reader: Reader,
): Request | undefined {
  const isRole = name.endsWith('_role')
  const value = spelledAsMapping(entry.value)
  const keys = isRole ? roleNames : ['file']
  if (value.kind !== 'mapping' && !isRole)
    return {
      isRole,
      names: [['file', value]],
      apply: undefined,
      isPublic: undefined,
      isValidated: true,
      isRepeated: true,
      vars: undefined,
      span: value.span,
    }
  const mapping = asMapping(value, `'${name}'`, reader.report)
  if (!mapping) return undefined
  const others = isRole ? roleFlags : []
  checkFields(
    mapping,
    [...keys, ...others, ...(name.startsWith('include_') ? ['apply'] : [])],
    `'${name}'`,
    reader,
  )
  const names = keys.flatMap((key) => {
    const node = nodeOf(mapping, key)
    return node ? [[key, node] as const] : []
  })
  if (names[0]?.[0] !== keys[0]) {
    reader.report({ code: 'structure', message: `'${name}' needs '${keys[0]}'`, span: value.span })
    return undefined
  }
  const apply = nodeOf(mapping, 'apply')
  const flag = (key: string): boolean | undefined => {
    const node = nodeOf(mapping, key)
    return node && asBoolean(node, `'${key}'`, reader.report)
  }
  const isRepeated = flag('allow_duplicates') ?? true
  if (!isRepeated && task.entries.some(({ key }) => isLoop(key)))
    reader.report({
      code: 'unsupported-key',
      message: `'allow_duplicates: false' has no meaning in a loop: each item asks anew`,
      span: nodeOf(mapping, 'allow_duplicates')!.span,
    })
  const vars = nodeOf(task, 'vars')
  return {
    isRole,
    names,
    apply: apply && asMapping(apply, "'apply'", reader.report),
    isPublic: flag('public'),
    isValidated: flag('rolespec_validate') ?? true,
    isRepeated,
    vars: vars && toPlain(vars),
    span: names[0]![1].span,
  }
}

/** `include_role: name=web tasks_from=x` and `include_tasks: file=x.yaml` mean the mapping. */
function spelledAsMapping(value: Node): Node {
  const words = value.kind === 'scalar' && typeof value.value === 'string' ? argumentWords(value) : undefined
  return words ? { kind: 'mapping', entries: words, span: value.span } : value
}

function staticNames(request: Request, inner: Surroundings, reader: Reader): Names | undefined {
  const hint = `${request.isRole ? 'include_role' : 'include_tasks'} may name facts and results, too`
  const found = request.names.map(
    ([key, node]) => [key, staticText(node, `'${key}' of an import`, inSight(inner), reader, hint)] as const,
  )
  return found.every(([, text]) => text !== undefined) ? (Object.fromEntries(found) as Names) : undefined
}

/** An include is read now if its name is known and it does not include itself, else when a host comes to it. */
function readInclude(
  name: string,
  request: Request,
  frame: Omit<Task, 'action'>,
  around: Surroundings,
  reader: Reader,
): Include {
  const inner = handDown(request.apply, within(around, { layers: frame.layers }), reader)
  const parts = request.names.map(([key, node]) => [key, readValue(node, reader)] as const)
  const task: Task = {
    ...frame,
    action: markerOf(
      name,
      parts.map(([, part]) => part),
    ),
  }
  const base = { kind: 'include' as const, task, order: task.order }
  const names = parts.every(([, part]) => part.constant)
    ? Object.fromEntries(parts.map(([key, part]) => [key, String(part.constant!.value)]))
    : undefined
  if (names && !isWithin(request, names, inner, reader))
    return { ...base, ...readNow(request, names, inner, false, reader) }
  const read = remembered((values) =>
    readLate(reader, (late) => readNow(request, values, within(inner, { chain: [] }), false, late)),
  )
  return { ...base, children: [], exposes: [], secrets: [], load: { names: parts, read } }
}

/** `apply`: keywords and variables for the children of an include. */
function handDown(apply: MappingNode | undefined, around: Surroundings, reader: Reader): Surroundings {
  if (!apply) return around
  checkKeys(apply, 'apply', reader)
  return within(around, {
    keywords: inheritKeywords(apply, around.keywords, reader),
    layers: [...around.layers, ...ownLayers(apply, 'block-vars', reader)],
  })
}

function readNow(
  request: Request,
  names: Names,
  inner: Surroundings,
  isImport: boolean,
  reader: Reader,
): Included {
  if (request.isRole) {
    const isPublic = request.isPublic ?? isImport
    const { span, isValidated } = request
    const ask = { key: JSON.stringify(['include', names, request.vars]), again: request.isRepeated }
    return importRole({ names, span, isPublic, isImport, isValidated, ask }, inner, reader)
  }
  const path = taskFile(names.file!, inner, reader)
  return { children: readTaskFile(path, request.span, inner, reader), exposes: [], secrets: [] }
}

/** A file of tasks: beside the one that names it, or among the role's. */
function taskFile(file: string, inner: Surroundings, reader: Reader): string {
  const folders = inner.role ? [inner.dir, resolve(inner.role.path, 'tasks')] : [inner.dir]
  const path = folders.map((dir) => resolve(dir, file)).find((candidate) => reader.files.isFile(candidate))
  return path ?? resolve(inner.dir, file)
}

/** Does it include what it stands in? That ends by a condition that is only known in the run. */
function isWithin(request: Request, names: Names, inner: Surroundings, reader: Reader): boolean {
  const path = request.isRole
    ? roleFolder(names.name!, inner.playbookDir, reader)
    : taskFile(names.file!, inner, reader)
  return path !== undefined && inner.chain.includes(path)
}

/** Reads in the run: mistakes are those of the task that includes. @throws InputError */
function readLate(reader: Reader, read: (reader: Reader) => Included): Included {
  const found: Diagnostic[] = []
  const included = read({ ...reader, roles: new Map(), report: (diagnostic) => found.push(diagnostic) })
  const errors = found.filter((diagnostic) => diagnostic.severity !== 'warning')
  if (errors.length > 0) throw new InputError(errors)
  return included
}

/** Each file is read once, whichever host comes to it first. */
function remembered(read: (names: Names) => Included): (names: Names) => Included {
  const known = new Map<string, Included>()
  return (names) => {
    const key = JSON.stringify(names)
    const included = known.get(key) ?? read(names)
    known.set(key, included)
    return included
  }
}

/** What an `include_…` shows as its module; the strategy does the including. */
function markerOf(name: string, parts: readonly Compiled[]): Task['action'] {
  const module = defineControl({
    name,
    doc: { summary: 'Run tasks of another file or role', examples: [] },
    args: z.strictObject({}),
    run: () => ({}),
  })
  return { kind: 'control', module, args: constant({}), argumentNames: [], parts, conditions: {} }
}
