import { didYouMean } from '../errors.js'
import { type Compiled, constant } from '../expression/compiled.js'
import { findModule } from '../modules/registry.js'
import type { MappingNode, Node } from '../syntax/node.js'
import { asBoolean, asMapping } from '../syntax/read.js'
import type { Layer } from '../vars/layers.js'
import { variablesFromNode } from '../vars/variables.js'
import { readAction } from './action.js'
import { type PlayParts, type Reader, readValue, type Surroundings } from './context.js'
import { addRoleHandlers, onlyHandlers, readRoleEntry } from './imports.js'
import { inheritKeywords, within } from './inherit.js'
import {
  type Action,
  hostOrders,
  type Keywords,
  type Meta,
  type PlanNode,
  type Play,
  strategies,
} from './plan.js'
import { readPrompts } from './prompts.js'
import type { Role } from './role.js'
import { checkKeys, expectList, expectText, nodeOf } from './structure.js'
import { readTasks } from './tasks.js'
import { readVarsFiles } from './vars-files.js'

/** What an `import_playbook` hands down to the plays that it brings: tags, conditions, and variables that win. */
export interface Imported {
  readonly keywords: Keywords
  readonly layers: readonly Layer[]
}

/** A play, wherever it was asked for. */
export type ReadPlay = Omit<Play, 'playbook'>

/** One play of a playbook in `dir`, everything that it imports included. */
export function readPlay(
  mapping: MappingNode,
  dir: string,
  outer: Imported,
  reader: Reader,
): ReadPlay | undefined {
  checkKeys(mapping, 'play', reader)
  const hosts = nodeOf(mapping, 'hosts')
  if (!hosts) {
    reader.report({ code: 'structure', message: "a play needs 'hosts'", span: mapping.span })
    return undefined
  }
  const own = playVars(mapping, reader)
  const files = readVarsFiles(nodeOf(mapping, 'vars_files'), dir, reader)
  const known = [...own, ...files.layers, ...outer.layers]
  const parts: PlayParts = {
    around: () => around,
    known,
    layers: [],
    secrets: new Set(),
    handlers: [],
    roleHandlers: 0,
    handlerFiles: new Set(),
  }
  const around: Surroundings = {
    keywords: inheritKeywords(mapping, outer.keywords, reader),
    layers: [],
    dir,
    playbookDir: dir,
    chain: [],
    handler: false,
    play: parts,
  }
  const { nodes, roles, roleNames } = readSections(mapping, around, reader)
  for (const role of roles) addRoleHandlers(role, mapping.span, parts, reader)
  const handlers = readTasks(nodeOf(mapping, 'handlers'), within(around, { handler: true }), reader)
  parts.handlers.push(...onlyHandlers(handlers, reader))
  const value = (key: string): Compiled | undefined => {
    const node = nodeOf(mapping, key)
    return node && readValue(node, reader)
  }
  return {
    name: value('name'),
    hosts: readValue(hosts, reader),
    gatherFacts: readGathering(mapping, reader),
    serial: readSerial(nodeOf(mapping, 'serial'), reader),
    gatherTimeout: value('gather_timeout'),
    gathering: readGatheringAction(mapping, around.keywords, reader),
    strategy: readWord('strategy', mapping, strategies, reader),
    order: readWord('order', mapping, hostOrders, reader),
    maxFailPercentage: value('max_fail_percentage'),
    forceHandlers: value('force_handlers'),
    keywords: around.keywords,
    layers: [...roles.flatMap((role) => [role.defaults, role.vars]), ...parts.layers, ...known],
    roleNames,
    varsFilesOfHosts: files.ofHosts,
    prompts: readPrompts(nodeOf(mapping, 'vars_prompt'), reader),
    nodes,
    handlers: parts.handlers,
    secrets: new Set([...roles.flatMap((role) => role.spec?.secrets ?? []), ...parts.secrets]),
    playbookDir: dir,
    span: mapping.span,
  }
}

/** pre_tasks, flush, roles, tasks, flush, post_tasks, flush: Ansible's order. */
function readSections(mapping: MappingNode, around: Surroundings, reader: Reader) {
  const flush = (): Meta => ({
    kind: 'meta',
    order: reader.nextId(),
    action: 'flush_handlers',
    keywords: {},
    when: [],
    tags: [],
    implicit: true,
    layers: [],
  })
  const section = (key: string): PlanNode[] => readTasks(nodeOf(mapping, key), around, reader)
  const before = [...section('pre_tasks'), flush()]
  const roles = expectList(nodeOf(mapping, 'roles'), "'roles'", reader).map((node) =>
    readRoleEntry(node, around, reader),
  )
  const main = [...roles.flatMap((role) => role.nodes), ...section('tasks'), flush()]
  const after = [...section('post_tasks'), flush()]
  const names = (pick: (found: readonly Role[]) => readonly Role[]): string[] =>
    roles.flatMap((entry) => pick(entry.roles).map((role) => role.name))
  return {
    nodes: [...before, ...main, ...after],
    roles: roles.flatMap((entry) => entry.roles),
    roleNames: {
      named: names((found) => found.slice(-1)),
      dependencies: [...new Set(names((found) => found.slice(0, -1)))],
    },
  }
}

/** Facts are gathered once a run and host unless a play says `gather_facts: true` (again) or `false` (never). */
function readGathering(mapping: MappingNode, reader: Reader): boolean | 'smart' {
  const node = nodeOf(mapping, 'gather_facts')
  return (node && asBoolean(node, "'gather_facts'", reader.report)) ?? 'smart'
}

/** Keywords of a play that are arguments of the task that gathers its facts. */
const gatheringKeys = ['gather_subset', 'gather_timeout', 'fact_path']

function readGatheringAction(mapping: MappingNode, keywords: Keywords, reader: Reader): Action {
  const entries = mapping.entries.filter(({ key }) => gatheringKeys.includes(key))
  const module = findModule('setup')!
  const entry = { key: 'setup', keySpan: mapping.span, value: { ...mapping, entries } }
  const none: MappingNode = { ...mapping, entries: [] }
  const read = readAction({ kind: 'module', module }, entry, none, keywords.module_defaults, reader)
  return read ?? { kind: 'module', module, args: constant({}), argumentNames: [], parts: [] }
}

function readSerial(node: Node | undefined, reader: Reader): Compiled[] {
  if (!node) return []
  return (node.kind === 'sequence' ? node.items : [node]).map((item) => readValue(item, reader))
}

/** One word of a few that are known, the first where nothing is said. */
function readWord<T extends string>(
  key: string,
  mapping: MappingNode,
  known: readonly T[],
  reader: Reader,
): T {
  const node = nodeOf(mapping, key)
  const text = node && expectText(node, `'${key}'`, reader)
  const found = known.find((word) => word === text)
  if (text !== undefined && !found) {
    const guess = didYouMean(text, known)
    reader.report({
      code: 'unsupported-key',
      message: `unknown ${key} '${text}'`,
      span: node!.span,
      hint: guess ? `did you mean '${guess}'?` : `supported: ${known.join(', ')}`,
    })
  }
  return found ?? known[0]!
}

/** The variables that a play, or an import of one, has of its own. */
export function playVars(mapping: MappingNode, reader: Reader): Layer[] {
  const vars = nodeOf(mapping, 'vars')
  const node = vars && asMapping(vars, "'vars'", reader.report)
  return node ? [{ name: 'play-vars', vars: variablesFromNode(node, 'play-vars', reader.report) }] : []
}
