import { dirname } from 'node:path'
import type { Compiled } from '../expression/compiled.js'
import { addHostModule } from '../modules/control/add-host.js'
import type { MappingEntry, MappingNode, Node } from '../syntax/node.js'
import { asMapping } from '../syntax/read.js'
import type { Span } from '../syntax/source.js'
import { parseYaml } from '../syntax/yaml.js'
import type { Layer } from '../vars/layers.js'
import { variablesFromNode } from '../vars/variables.js'
import { readAction } from './action.js'
import { actionNames, directives, lookUpModule, plainName } from './action-names.js'
import { isAction, spelledOut } from './action-words.js'
import { type Reader, readConditions, readValue, type Surroundings } from './context.js'
import { includedNames } from './include-vars.js'
import { inheritKeywords, within } from './inherit.js'
import { supported } from './keywords.js'
import { readLoop, readLoopControl } from './loop.js'
import { type Meta, metaActions, type PlanNode, type Task } from './plan.js'
import { checkSource } from './search.js'
import { checkFields, checkKeys, expectList, expectText, nodeOf, variableName } from './structure.js'

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
  const found = actionEntry(mapping, problems > 0, reader)
  if (!found) return []
  const { action, mapping: task } = spelledOut(found, mapping, reader)
  if (!action) return []
  const name = plainName(action.key)
  if (name === 'meta') return readMeta(action, task, around, reader)
  if (directives.has(name)) return reader.readDirective(name, action, task, around, reader)
  const read = readTask(action, task, around, reader)
  return read ? [read] : []
}

/** The one key that names a module. */
function actionEntry(mapping: MappingNode, quiet: boolean, reader: Reader): MappingEntry | undefined {
  const found = mapping.entries.filter(
    ({ key }) => isAction(key) || (actionNames.has(key) && !supported.task.has(key)),
  )
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
    layers: withOwnLayers(outer.layers, mapping, 'block-vars', reader),
  })
  const order = reader.nextId()
  return {
    kind: 'block',
    order,
    span: mapping.span,
    block: readTasks(nodeOf(mapping, 'block'), around, reader),
    rescue: readTasks(nodeOf(mapping, 'rescue'), around, reader),
    always: readTasks(nodeOf(mapping, 'always'), around, reader),
  }
}

type VarsLayer = 'block-vars' | 'task-vars' | 'include-params'

/** The `vars` that stand in a mapping, as a layer. */
export function ownLayers(mapping: MappingNode, layer: VarsLayer, reader: Reader): Layer[] {
  const vars = nodeOf(mapping, 'vars')
  const node = vars && asMapping(vars, "'vars'", reader.report)
  return node ? [{ name: layer, vars: variablesFromNode(node, layer, reader.report) }] : []
}

/** The layers around, and the mapping's own. Most tasks have none of their own: they share what is around them. */
function withOwnLayers(
  outer: readonly Layer[],
  mapping: MappingNode,
  layer: VarsLayer,
  reader: Reader,
): readonly Layer[] {
  const own = ownLayers(mapping, layer, reader)
  return own.length > 0 ? [...outer, ...own] : outer
}

function readTask(
  entry: MappingEntry,
  mapping: MappingNode,
  around: Surroundings,
  reader: Reader,
): Task | undefined {
  const found = lookUpModule(entry.key)
  const frame = found && taskFrame(mapping, around, reader)
  const action = frame && readAction(found, entry, mapping, frame.keywords.module_defaults, reader)
  if (!action) return undefined
  const produces =
    includedNames(frame, action, around.playbookDir, reader) ??
    (action.module === addHostModule ? action.argumentNames : undefined)
  const task = Object.assign(frame, { action }, produces && { produces })
  checkSource(task, around.playbookDir, reader.files, reader.report)
  checkAsync(task, mapping, reader)
  return task
}

/** Only what a host does by one script can go on by itself. */
function checkAsync(task: Task, mapping: MappingNode, reader: Reader): void {
  const { action } = task
  const entry = (name: string) => mapping.entries.find(({ key }) => key === name)
  const [async, poll] = [entry('async'), entry('poll')]
  if (poll && !async)
    reader.report({
      code: 'structure',
      message: "'poll' without 'async'",
      span: poll.keySpan,
      hint: 'async says how many seconds the task may take at most',
    })
  const can = action.kind === 'module' && action.module.canDetach
  if (async && !can)
    reader.report({
      code: 'unsupported-key',
      message: `'${action.module.name}' cannot be 'async'`,
      span: async.keySpan,
      hint: 'command, shell and script can',
    })
  for (const value of [task.async, task.poll])
    if (value?.constant && !/^\d+(\.\d+)?$/.test(String(value.constant.value)))
      reader.report({
        code: 'structure',
        message: `'${value === task.async ? 'async' : 'poll'}' must be a number of seconds`,
        span: value.span,
      })
}

/** Everything of a task but what it does. */
export function taskFrame(
  mapping: MappingNode,
  around: Surroundings,
  reader: Reader,
  varsLayer: VarsLayer = 'task-vars',
): Omit<Task, 'action'> {
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
  const keywords = inheritKeywords(mapping, around.keywords, reader)
  return {
    kind: 'task',
    id,
    order: id,
    name: value('name'),
    keywords,
    loop: readLoop(mapping, around, reader),
    loopControl: readLoopControl(mapping, reader),
    register: register && variableName(register, "'register'", reader),
    notify: keywords.notify,
    changedWhen: conditions('changed_when'),
    failedWhen: conditions('failed_when'),
    until: conditions('until'),
    retries: value('retries'),
    delay: value('delay'),
    async: value('async'),
    poll: value('poll'),
    layers: withOwnLayers(around.layers, mapping, varsLayer, reader),
    role: around.role,
    span: mapping.span,
    listen: readTopics(nodeOf(mapping, 'listen'), reader),
  }
}

/** Topics are not templates (Ansible's rule). */
function readTopics(node: Node | undefined, reader: Reader): string[] {
  if (!node) return []
  return (node.kind === 'sequence' ? node.items : [node]).flatMap(
    (item) => expectText(item, "a topic of 'listen'", reader) ?? [],
  )
}

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
  checkFields(mapping, [entry.key, 'name', 'tags', 'vars', 'when'], "'meta'", reader)
  const { when, tags, any_errors_fatal } = inheritKeywords(mapping, around.keywords, reader)
  const name = nodeOf(mapping, 'name')
  const meta: Meta = {
    kind: 'meta',
    name: name && readValue(name, reader),
    order: reader.nextId(),
    action,
    keywords: { any_errors_fatal },
    when,
    tags,
    layers: withOwnLayers(around.layers, mapping, 'task-vars', reader),
    role: around.role,
    span: mapping.span,
  }
  if (action === 'end_role' && !around.role)
    reader.report({
      code: 'structure',
      message: "'meta: end_role' stands outside of a role",
      span: entry.value.span,
      hint: 'end_play ends the play, end_host ends it for this host',
    })
  return [meta]
}
