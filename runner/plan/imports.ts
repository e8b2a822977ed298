import { dirname } from 'node:path'
import { constant } from '../expression/compiled.js'
import { validateArgumentSpecModule } from '../modules/control/validate-argument-spec.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { toPlain } from '../syntax/read.js'
import type { Span } from '../syntax/source.js'
import { variablesFromNode } from '../vars/variables.js'
import { inSight, type PlayParts, type Reader, type Surroundings } from './context.js'
import { inheritKeywords, within } from './inherit.js'
import { supported } from './keywords.js'
import type { Block, Handler, Included, PlanNode, RoleAsk, Task } from './plan.js'
import { type Role, readRole } from './role.js'
import { staticText } from './static-text.js'
import { checkKeys, nodeOf } from './structure.js'
import { readTaskFile } from './tasks.js'

/** A role that a task brings in: its name and the names of its files. */
export interface RoleImport {
  readonly names: Readonly<Record<string, string>>
  readonly span: Span
  /** Its variables hold in the play: from here on, or if it is imported, in all of it. */
  readonly isPublic: boolean
  readonly isImport: boolean
  /** Its argument spec is checked before its first task (`rolespec_validate`). */
  readonly isValidated: boolean
  readonly ask: RoleAsk
}

const nothing: Included = { children: [], exposes: [], secrets: [] }

/** `import_role` and `include_role`: the role's tasks; its handlers join those of the play. */
export function importRole(wanted: RoleImport, around: Surroundings, reader: Reader): Included {
  const { names, span, isPublic, isImport, isValidated, ask } = wanted
  const role = readRole(names.name!, span, around.playbookDir, reader, names)
  if (!role) return nothing
  const { nodes, roles } = readRoleTasks(role, ask, span, around, reader, isValidated)
  const { play } = around
  for (const [index, each] of roles.entries())
    addRoleHandlers(each, span, play, reader, roles.slice(0, index))
  const layers = isPublic ? roles.flatMap(ownVariables) : []
  const secrets = roles.flatMap((each) => each.spec?.secrets ?? [])
  for (const secret of secrets) play.secrets.add(secret)
  if (isImport) play.layers.push(...layers)
  return { children: nodes, exposes: isImport ? [] : layers, secrets }
}

export interface ReadRole {
  readonly nodes: PlanNode[]
  /** The role and its dependencies, in the order they run. */
  readonly roles: readonly Role[]
}

/** An entry of a play's `roles:` or of a role's dependencies: a name, or a mapping with `role` and its variables. */
export function readRoleEntry(node: Node, around: Surroundings, reader: Reader): ReadRole {
  const mapping = node.kind === 'mapping' ? node : undefined
  const nameNode = mapping ? (nodeOf(mapping, 'role') ?? nodeOf(mapping, 'name')) : node
  const name = nameNode && staticText(nameNode, 'the name of a role', inSight(around), reader)
  const role = name ? readRole(name, nameNode.span, around.playbookDir, reader) : undefined
  if (!role) return { nodes: [], roles: [] }
  const params = mapping ? roleParameters(mapping, reader) : undefined
  if (mapping) checkKeys(mapping, 'role', reader, { has: (key) => params?.has(key) ?? false, names: [] })
  const inner = within(around, {
    keywords: mapping ? inheritKeywords(mapping, around.keywords, reader) : around.keywords,
    layers: params ? [...around.layers, { name: 'role-params', vars: params }] : around.layers,
  })
  const ask = { key: `${role.path} ${entryKey(node)}`, again: role.allowDuplicates }
  return readRoleTasks(role, ask, node.span, inner, reader)
}

/** Asks are the same with the same parameters, tags and conditions (Ansible's rule), and other keywords (tsplay's). */
function entryKey(node: Node): string {
  if (node.kind !== 'mapping') return '[]'
  const entries = node.entries
    .filter(({ key }) => key !== 'role' && key !== 'name')
    .map(({ key, value }) => [key, toPlain(value)] as const)
  return JSON.stringify(entries.toSorted(([a], [b]) => a.localeCompare(b)))
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
  ask: RoleAsk,
  span: Span,
  around: Surroundings,
  reader: Reader,
  isValidated = true,
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
  const dependencies = role.dependencies.map((node) => readRoleEntry(node, within(around, { chain }), reader))
  const before = dependencies.flatMap((found) => found.roles)
  const inner = within(around, {
    role: {
      name: role.name,
      path: role.path,
      parents: around.role ? [around.role, ...around.role.parents] : [],
      ask,
    },
    layers: [...around.layers, ...[...before, role].flatMap(ownVariables)],
    dir: role.tasks ? dirname(role.tasks) : role.path,
    chain,
  })
  const order = reader.nextId()
  const block = [
    ...(isValidated ? specCheck(role, span, inner, reader) : []),
    ...(role.tasks ? readTaskFile(role.tasks, span, inner, reader) : []),
  ]
  const own: Block = { kind: 'block', order, span, block, rescue: [], always: [], ask }
  return { nodes: [...dependencies.flatMap((found) => found.nodes), own], roles: [...before, role] }
}

/** Nearer ones come later and win: an outer role's, those of the dependencies, the role's own. */
const ownVariables = (role: Role) => [role.defaults, role.vars]

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

/**
 * Handlers of a role, in the surroundings that the play's are in; each file is read once a play. They see the variables
 * of the roles that came in before it with it: its dependencies.
 */
export function addRoleHandlers(
  role: Role,
  span: Span,
  play: PlayParts,
  reader: Reader,
  before: readonly Role[] = [],
): void {
  if (!role.handlers || play.handlerFiles.has(role.handlers)) return
  play.handlerFiles.add(role.handlers)
  const around = play.around()
  const inner = within(around, {
    role: { name: role.name, path: role.path, parents: [] },
    layers: [...around.layers, ...[...before, role].flatMap(ownVariables)],
    dir: dirname(role.handlers),
    handler: true,
  })
  const handlers = onlyHandlers(readTaskFile(role.handlers, span, inner, reader), reader)
  play.handlers.splice(play.roleHandlers, 0, ...handlers)
  play.roleHandlers += handlers.length
}

/** Tasks and includes; a block or a meta action cannot be notified. */
export function onlyHandlers(nodes: readonly PlanNode[], reader: Reader): Handler[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'task' || node.kind === 'include') return [node]
    reader.report({
      code: 'structure',
      message: `a ${node.kind} cannot be a handler`,
      span: node.span,
      hint: 'put the tasks into a file, and include_tasks it',
    })
    return []
  })
}
