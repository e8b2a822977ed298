import { dirname } from 'node:path'
import { constant } from '../expression/compiled.js'
import { validateArgumentSpecModule } from '../modules/control/validate-argument-spec.js'
import type { MappingEntry, MappingNode, Node } from '../syntax/node.js'
import type { Span } from '../syntax/source.js'
import { variablesFromNode } from '../vars/variables.js'
import type { Reader, Surroundings } from './context.js'
import { inheritKeywords, within } from './inherit.js'
import { supported } from './keywords.js'
import type { PlanNode, Task } from './plan.js'
import { type Role, readRole } from './role.js'
import { checkKeys, expectText, nodeOf } from './structure.js'
import { readTaskFile } from './tasks.js'

/** `import_role: { name: x }` and `include_role`. */
export function readImportedRole(entry: MappingEntry, around: Surroundings, reader: Reader): PlanNode[] {
  const node = entry.value.kind === 'mapping' ? nodeOf(entry.value, 'name') : undefined
  const name = node && expectText(node, 'the name of a role', reader)
  if (!node)
    reader.report({
      code: 'structure',
      message: `'${entry.key}' needs a mapping with 'name'`,
      span: entry.value.span,
    })
  const role = name ? readRole(name, node.span, around.playbookDir, reader) : undefined
  return role ? readRoleTasks(role, node!.span, around, reader, () => undefined).nodes : []
}

export interface ReadRole {
  readonly nodes: PlanNode[]
  /** The role and its dependencies, in the order they run. */
  readonly roles: readonly Role[]
}

/** An entry of a play's `roles:` or of a role's dependencies: a name, or a mapping with `role` and its variables. */
export function readRoleEntry(
  node: Node,
  around: Surroundings,
  reader: Reader,
  seen: (name: string) => boolean,
): ReadRole {
  const mapping = node.kind === 'mapping' ? node : undefined
  const nameNode = mapping ? (nodeOf(mapping, 'role') ?? nodeOf(mapping, 'name')) : node
  const name = nameNode && expectText(nameNode, 'the name of a role', reader)
  const role = name ? readRole(name, nameNode.span, around.playbookDir, reader) : undefined
  if (!role) return { nodes: [], roles: [] }
  const params = mapping ? roleParameters(mapping, reader) : undefined
  if (!params && seen(role.name)) return { nodes: [], roles: [] }
  if (mapping) checkKeys(mapping, 'role', reader, { has: (key) => params?.has(key) ?? false, names: [] })
  const inner = within(around, {
    keywords: mapping ? inheritKeywords(mapping, around.keywords, reader) : around.keywords,
    layers: params ? [...around.layers, { name: 'role-params', vars: params }] : around.layers,
  })
  return readRoleTasks(role, node.span, inner, reader, seen)
}

/** Keys of a role entry that are no keywords are variables for it, as its `vars` are (Ansible's role parameters). */
function roleParameters(mapping: MappingNode, reader: Reader) {
  const vars = nodeOf(mapping, 'vars')
  const own = mapping.entries.filter(({ key }) => !supported.role.has(key) && key !== 'name')
  const entries = [...(vars?.kind === 'mapping' ? vars.entries : []), ...own]
  if (entries.length === 0) return undefined
  return variablesFromNode({ ...mapping, entries }, 'role-params', reader.report)
}

function readRoleTasks(
  role: Role,
  span: Span,
  around: Surroundings,
  reader: Reader,
  seen: (name: string) => boolean | undefined,
): ReadRole {
  if (around.chain.includes(role.path)) {
    reader.report({
      code: 'cycle',
      message: `role '${role.name}' depends on itself: ${[...around.chain, role.path].join(' → ')}`,
      span,
    })
    return { nodes: [], roles: [] }
  }
  const chain = [...around.chain, role.path]
  const dependencies = role.dependencies.map((node) =>
    readRoleEntry(node, within(around, { chain }), reader, (name) => seen(name) ?? false),
  )
  const inner = within(around, {
    role: { name: role.name, path: role.path },
    layers: [role.defaults, role.vars, ...around.layers],
    dir: role.tasks ? dirname(role.tasks) : role.path,
    chain,
  })
  return {
    nodes: [
      ...dependencies.flatMap((found) => found.nodes),
      ...specCheck(role, span, inner, reader),
      ...(role.tasks ? readTaskFile(role.tasks, span, inner, reader) : []),
    ],
    roles: [...dependencies.flatMap((found) => found.roles), role],
  }
}

/** The task that checks a role's variables before its first task, tagged `always` as Ansible does. */
function specCheck(role: Role, span: Span, inner: Surroundings, reader: Reader): Task[] {
  if (!role.spec || Object.keys(role.spec.options).length === 0) return []
  const id = reader.nextId()
  return [
    {
      kind: 'task',
      id,
      order: id,
      name: constant(`check the variables of ${role.name}`),
      action: {
        kind: 'control',
        module: validateArgumentSpecModule,
        args: constant({ argument_spec: role.spec.options }),
        argumentNames: ['argument_spec'],
        parts: [],
        conditions: {},
      },
      keywords: { ...inner.keywords, tags: [...inner.keywords.tags, 'always'] },
      loopControl: { loopVar: 'item' },
      notify: [],
      layers: inner.layers,
      role: inner.role,
      span,
      listen: [],
    },
  ]
}

/** Handlers of a role, in the surroundings that its tasks have. */
export function readRoleHandlers(role: Role, around: Surroundings, span: Span, reader: Reader): Task[] {
  if (!role.handlers) return []
  const inner = within(around, {
    role: { name: role.name, path: role.path },
    layers: [role.defaults, role.vars, ...around.layers],
    handler: true,
  })
  return onlyTasks(readTaskFile(role.handlers, span, inner, reader))
}

export function onlyTasks(nodes: readonly PlanNode[]): Task[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'task') return [node]
    if (node.kind === 'block') return onlyTasks(node.block)
    return node.kind === 'include' ? onlyTasks(node.children) : []
  })
}
