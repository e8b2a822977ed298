import {
  type Block,
  type Handler,
  type Include,
  type Meta,
  type PlanNode,
  type RoleAsk,
  type RoleInfo,
  type Task,
  taskOfHandler,
} from '../plan/plan.js'
import type { Layer } from '../vars/layers.js'
import type { HostRun } from './host.js'

/** What a host wants to do next. The strategy does it and answers with a verdict. */
export interface Step {
  readonly what: Task | Include | Meta
  /** Position in the play: strategies that keep hosts in step go by it. */
  readonly path: readonly number[]
  /** Variables of the includes around it. */
  readonly layers: readonly Layer[]
  /** A rescue waits for its failure. */
  readonly rescuable: boolean
  readonly handler: boolean
  /** What stands after it in the play; handlers have no such thing. */
  readonly rest?: Rest | undefined
}

/** The nodes from an index on, and what stands after them where they end. Includes end it: their variables are others. */
export interface Rest {
  readonly nodes: readonly PlanNode[]
  readonly from: number
  readonly outer?: Rest | undefined
}

/** One round of an include: what is run, with which variables. */
export interface Round {
  readonly layers: readonly Layer[]
  readonly children: readonly PlanNode[]
}

/** The answer to a step: how it went, and for an include the variables of each of its rounds. */
export interface Verdict {
  readonly failed: boolean
  readonly skipped?: boolean
  readonly rounds?: readonly Round[]
}

/** A host's way through a play: yields steps, takes verdicts, returns whether it failed in the end. */
export type Walk = Generator<Step, boolean, Verdict>

interface Around {
  readonly host: HostRun
  readonly handlers: readonly Handler[]
  readonly prefix: readonly number[]
  readonly layers: readonly Layer[]
  readonly rescuable: boolean
  readonly rest?: Rest | undefined
  /** Roles that `meta: end_role` has ended for this host: nothing more of them is run. */
  readonly ended: Set<RoleInfo>
}

/** The way of one host through a play's nodes; handlers run where it flushes, in the order they are defined. */
export function walkPlay(nodes: readonly PlanNode[], handlers: readonly Handler[], host: HostRun): Walk {
  return walkAll(nodes, { host, handlers, prefix: [], layers: [], rescuable: false, ended: new Set() })
}

/** Only the handlers that were notified: what a failed host still runs under `force_handlers`. */
export function walkHandlers(handlers: readonly Handler[], host: HostRun): Walk {
  return walkFlush([Number.MAX_SAFE_INTEGER], {
    host,
    handlers,
    prefix: [],
    layers: [],
    rescuable: false,
    ended: new Set(),
  })
}

function* walkAll(nodes: readonly PlanNode[], around: Around): Walk {
  const { rest: outer } = around
  for (const [index, node] of nodes.entries())
    if (yield* walkNode(node, { ...around, rest: { nodes, from: index + 1, outer } })) return true
  return false
}

/** The tasks that come next if none fails and every role and block is gone through; as far as no include or meta stands between. */
export function* tasksAfter({ nodes, from, outer }: Rest): Generator<Task> {
  for (let index = from; index < nodes.length; index++) {
    const node = nodes[index]!
    if (node.kind === 'task') yield node
    else if (node.kind === 'block') {
      const rest = { nodes, from: index + 1, outer }
      return yield* tasksAfter({ nodes: [...node.block, ...node.always], from: 0, outer: rest })
    } else return
  }
  if (outer) yield* tasksAfter(outer)
}

function* walkNode(node: PlanNode, around: Around): Walk {
  if (around.ended.size > 0 && hasEnded(node, around.ended)) return false
  switch (node.kind) {
    case 'task':
      return (yield stepOf(node, around)).failed
    case 'block':
      return yield* node.ask ? walkRole(node, node.ask, around) : walkBlock(node, around)
    case 'include':
      return yield* walkInclude(node, around)
    case 'meta':
      return yield* walkMeta(node, around)
  }
}

/** A block is looked into: it may hold tasks of several roles. */
function hasEnded(node: PlanNode, ended: ReadonlySet<RoleInfo>): boolean {
  const role = roleOf(node)
  return role !== undefined && [role, ...role.parents].some((each) => ended.has(each))
}

function roleOf(node: PlanNode): RoleInfo | undefined {
  if (node.kind === 'block') return undefined
  return node.kind === 'include' ? node.task.role : node.role
}

function stepOf(what: Task | Include | Meta, around: Around, path = [what.order]): Step {
  const { layers, rescuable, rest } = around
  return { what, path: [...around.prefix, ...path], layers, rescuable, handler: false, rest }
}

/** A role that this host has gone through is left out, unless none of its tasks ran or it may run again. */
function* walkRole(node: Block, ask: RoleAsk, around: Around): Walk {
  const { begun, done } = around.host.roles
  if (!ask.again && done.has(ask.key)) return false
  const failed = yield* walkAll(node.block, around)
  if (!failed && begun.has(ask.key)) done.add(ask.key)
  return failed
}

function* walkBlock(node: Block, around: Around): Walk {
  const hasRescue = node.rescue.length > 0
  let failed = yield* walkAll(node.block, { ...around, rescuable: around.rescuable || hasRescue })
  if (failed && hasRescue && !around.host.interrupted) failed = yield* walkAll(node.rescue, around)
  const alwaysFailed = yield* walkAll(node.always, around)
  return failed || alwaysFailed
}

function* walkInclude(node: Include, around: Around, path = [node.order], isHandler = false): Walk {
  const verdict = yield { ...stepOf(node, around, path), handler: isHandler }
  if (verdict.failed) return true
  for (const [index, { layers, children }] of (verdict.rounds ?? []).entries()) {
    const inner = {
      ...around,
      prefix: [...around.prefix, ...path, index],
      layers: [...around.layers, ...layers],
      rest: undefined,
      ended: new Set<RoleInfo>(),
    }
    if (yield* walkAll(children, inner)) return true
    // A role that is included again starts anew; one that includes only its own tasks has ended.
    for (const role of inner.ended)
      if (node.task.role && [node.task.role, ...node.task.role.parents].includes(role)) around.ended.add(role)
    if (hasEnded(node, around.ended)) return false
  }
  return false
}

function* walkMeta(node: Meta, around: Around): Walk {
  const verdict = yield stepOf(node, around)
  if (verdict.failed) return true
  if (!verdict.skipped && node.action === 'end_role' && node.role) around.ended.add(node.role)
  if (verdict.skipped || node.action !== 'flush_handlers') return false
  return yield* walkFlush([node.order], { ...around, rest: undefined })
}

/** Runs what was notified; a handler that notifies one defined before it brings another round. */
function* walkFlush(path: readonly number[], around: Around): Walk {
  for (let round = 0; around.host.notified.size > 0; round++) {
    for (const [index, handler] of around.handlers.entries()) {
      if (!around.host.notified.delete(taskOfHandler(handler))) continue
      const place = [...path, round, index]
      if (handler.kind === 'include') {
        if (yield* walkInclude(handler, around, place, true)) return true
      } else if ((yield { ...stepOf(handler, around, place), handler: true }).failed) return true
    }
  }
  return false
}
