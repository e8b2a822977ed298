import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { type Compiled, constant } from '../expression/compiled.js'
import { type ControlModule, defineControl } from '../modules/control/control.js'
import type { MappingEntry, MappingNode, Node } from '../syntax/node.js'
import { asMapping } from '../syntax/read.js'
import type { Span } from '../syntax/source.js'
import { parseYaml } from '../syntax/yaml.js'
import { variableProblem, variablesFromNode } from '../vars/variables.js'
import { actionNames, directives, lookUpModule, plainName, readAction } from './action.js'
import { type Reader, readConditions, readValue, type Surroundings } from './context.js'
import { inheritKeywords, within } from './inherit.js'
import { supported } from './keywords.js'
import { readLoopControl } from './loop.js'
import type { Include, Meta, PlanNode, Task } from './plan.js'
import { checkKeys, expectList, expectText, nodeOf } from './structure.js'

/** A list of tasks and blocks. */
export function readTasks(node: Node | undefined, around: Surroundings, reader: Reader): PlanNode[] {
  return expectList(node, 'tasks', reader).flatMap((item) => {
    const mapping = asMapping(item, 'a task', reader.report)
    return mapping ? readTaskOrBlock(mapping, around, reader) : []
  })
}

/** A file of tasks, guarded against importing itself. */
export function readTaskFile(path: string, span: Span, around: Surroundings, reader: Reader): PlanNode[] {
  if (around.chain.includes(path)) {
    const chain = [...around.chain.slice(around.chain.indexOf(path)), path].join(' → ')
    reader.report({ code: 'cycle', message: `the file imports itself: ${chain}`, span })
    return []
  }
  const file = reader.files.read(path)
  if (!file) {
    reader.report({ code: 'missing-file', message: `no such file of tasks: ${path}`, span })
    return []
  }
  const node = parseYaml(file, reader.report)
  return node
    ? readTasks(node, within(around, { dir: dirname(path), chain: [...around.chain, path] }), reader)
    : []
}

function readTaskOrBlock(mapping: MappingNode, around: Surroundings, reader: Reader): PlanNode[] {
  if (nodeOf(mapping, 'block')) return [readBlock(mapping, around, reader)]
  const place = around.handler ? 'handler' : 'task'
  const problems = mapping.entries.filter(
    ({ key }) => !supported[place].has(key) && !actionNames.has(key),
  ).length
  checkKeys(mapping, place, reader, actionNames)
  const action = actionEntry(mapping, problems > 0, reader)
  if (!action) return []
  const name = plainName(action.key)
  if (name === 'meta') return readMeta(action, mapping, around, reader)
  if (directives.has(name)) return readDirective(name, action, mapping, around, reader)
  const task = readTask(action, mapping, around, reader)
  return task ? [task] : []
}

/** The one key that names a module. */
function actionEntry(mapping: MappingNode, quiet: boolean, reader: Reader): MappingEntry | undefined {
  const found = mapping.entries.filter(({ key }) => actionNames.has(key) && !supported.task.has(key))
  const [first, second] = found
  if (second)
    reader.report({
      code: 'structure',
      message: `a task has one module, this one has two: '${first!.key}' and '${second.key}'`,
      span: second.keySpan,
    })
  else if (!first && !quiet)
    reader.report({ code: 'structure', message: 'this task names no module', span: mapping.span })
  return second ? undefined : first
}

function readBlock(mapping: MappingNode, outer: Surroundings, reader: Reader): PlanNode {
  checkKeys(mapping, 'block', reader)
  const around = within(outer, {
    keywords: inheritKeywords(mapping, outer.keywords, reader),
    layers: [...outer.layers, ...ownLayers(mapping, 'block-vars', reader)],
  })
  const order = reader.nextId()
  return {
    kind: 'block',
    order,
    block: readTasks(nodeOf(mapping, 'block'), around, reader),
    rescue: readTasks(nodeOf(mapping, 'rescue'), around, reader),
    always: readTasks(nodeOf(mapping, 'always'), around, reader),
  }
}

function ownLayers(mapping: MappingNode, layer: 'block-vars' | 'task-vars', reader: Reader) {
  const vars = nodeOf(mapping, 'vars')
  const node = vars && asMapping(vars, "'vars'", reader.report)
  return node ? [{ name: layer, vars: variablesFromNode(node, layer, reader.report) }] : []
}

function readTask(
  entry: MappingEntry,
  mapping: MappingNode,
  around: Surroundings,
  reader: Reader,
): Task | undefined {
  const found = lookUpModule(entry.key)
  const action = found && readAction(found, entry, mapping, reader)
  return action && { ...taskFrame(mapping, around, reader), action }
}

/** Everything of a task but what it does. */
function taskFrame(mapping: MappingNode, around: Surroundings, reader: Reader): Omit<Task, 'action'> {
  const value = (key: string): Compiled | undefined => {
    const node = nodeOf(mapping, key)
    return node && readValue(node, reader)
  }
  const conditions = (key: string): Compiled[] | undefined => {
    const node = nodeOf(mapping, key)
    return node && readConditions(node, reader)
  }
  const register = nodeOf(mapping, 'register')
  const id = reader.nextId()
  return {
    kind: 'task',
    id,
    order: id,
    name: value('name'),
    keywords: inheritKeywords(mapping, around.keywords, reader),
    loop: value('loop') ?? value('with_items'),
    loopControl: readLoopControl(mapping, reader),
    register: register && variableName(register, "'register'", reader),
    notify: readNames(nodeOf(mapping, 'notify'), reader),
    changedWhen: conditions('changed_when'),
    failedWhen: conditions('failed_when'),
    until: conditions('until'),
    retries: value('retries'),
    delay: value('delay'),
    layers: [...around.layers, ...ownLayers(mapping, 'task-vars', reader)],
    role: around.role,
    span: mapping.span,
    listen: readNames(nodeOf(mapping, 'listen'), reader).flatMap((topic) =>
      topic.constant ? [String(topic.constant.value)] : [],
    ),
  }
}

function variableName(node: Node, what: string, reader: Reader): string | undefined {
  const name = expectText(node, what, reader)
  const problem = name === undefined ? undefined : variableProblem(name)
  if (problem)
    reader.report({
      code: 'structure',
      message: `no variable can be named '${name}'`,
      span: node.span,
      hint: problem,
    })
  return name
}

function readNames(node: Node | undefined, reader: Reader): Compiled[] {
  if (!node) return []
  return (node.kind === 'sequence' ? node.items : [node]).map((item) => readValue(item, reader))
}

const metaActions = [
  'flush_handlers',
  'noop',
  'end_host',
  'end_play',
  'clear_facts',
  'reset_connection',
] as const

function readMeta(
  entry: MappingEntry,
  mapping: MappingNode,
  around: Surroundings,
  reader: Reader,
): PlanNode[] {
  const text = expectText(entry.value, "'meta'", reader)
  const action = metaActions.find((known) => known === text)
  if (text !== undefined && !action)
    reader.report({
      code: 'bad-argument',
      message: `'meta: ${text}' is not supported`,
      span: entry.value.span,
      hint: `supported: ${metaActions.join(', ')}`,
    })
  if (!action) return []
  const { when, tags } = inheritKeywords(mapping, around.keywords, reader)
  const meta: Meta = {
    kind: 'meta',
    order: reader.nextId(),
    action,
    when,
    tags,
    layers: around.layers,
    span: mapping.span,
  }
  return [meta]
}

/** `import_…`: the children stand here as if written here. `include_…`: `when` and `loop` count once, here. */
function readDirective(
  name: string,
  entry: MappingEntry,
  mapping: MappingNode,
  around: Surroundings,
  reader: Reader,
): PlanNode[] {
  const isImport = name.startsWith('import_')
  const loop = nodeOf(mapping, 'loop') ?? nodeOf(mapping, 'with_items')
  if (isImport && loop)
    reader.report({
      code: 'structure',
      message: `'${name}' is read before the run and cannot loop`,
      span: loop.span,
      hint: `use include_${name.slice('import_'.length)}`,
    })
  const frame = taskFrame(mapping, around, reader)
  const inner = within(around, {
    keywords: isImport ? frame.keywords : around.keywords,
    layers: frame.layers,
  })
  const children = readChildren(name, entry, inner, reader)
  if (isImport) return children
  const module = includeMarker(name)
  const task: Task = {
    ...frame,
    action: { kind: 'control', module, args: constant({}), argumentNames: [], parts: [], conditions: {} },
  }
  const include: Include = { kind: 'include', task, order: task.order, children }
  return [include]
}

function readChildren(name: string, entry: MappingEntry, inner: Surroundings, reader: Reader): PlanNode[] {
  if (name.endsWith('_role')) return reader.importRole(entry, inner, reader)
  const fileNode = entry.value.kind === 'mapping' ? nodeOf(entry.value, 'file') : entry.value
  const file = fileNode && expectText(fileNode, `the file of '${name}'`, reader)
  if (!file) return []
  const base = inner.role ? [inner.dir, resolve(inner.role.path, 'tasks')] : [inner.dir]
  const path = base.map((dir) => resolve(dir, file)).find((candidate) => reader.files.isFile(candidate))
  return readTaskFile(path ?? resolve(inner.dir, file), fileNode.span, inner, reader)
}

/** What an `include_…` shows as its module; the strategy does the including. */
function includeMarker(name: string): ControlModule {
  return defineControl({
    name,
    doc: { summary: 'Run tasks of another file or role', examples: [] },
    args: z.strictObject({}),
    run: () => ({}),
  })
}
