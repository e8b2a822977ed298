import type { Block, Include, Meta, PlanNode, Task } from '../plan/plan.js'
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
}

/** The answer to a step: how it went, and for an include the variables of each of its rounds. */
export interface Verdict {
  readonly failed: boolean
  readonly skipped?: boolean
  readonly rounds?: readonly (readonly Layer[])[]
}

/** A host's way through a play: yields steps, takes verdicts, returns whether it failed in the end. */
export type Walk = Generator<Step, boolean, Verdict>

interface Around {
  readonly host: HostRun
  readonly handlers: readonly Task[]
  readonly prefix: readonly number[]
  readonly layers: readonly Layer[]
  readonly rescuable: boolean
}

/** The way of one host through a play's nodes; handlers run where it flushes, in the order they are defined. */
export function walkPlay(nodes: readonly PlanNode[], handlers: readonly Task[], host: HostRun): Walk {
  return walkAll(nodes, { host, handlers, prefix: [], layers: [], rescuable: false })
}

/** Only the handlers that were notified: what a failed host still runs under `force_handlers`. */
export function walkHandlers(handlers: readonly Task[], host: HostRun): Walk {
  return walkFlush([Number.MAX_SAFE_INTEGER], {
    host,
    handlers,
    prefix: [],
    layers: [],
    rescuable: false,
  })
}

function* walkAll(nodes: readonly PlanNode[], around: Around): Walk {
  for (const node of nodes) if (yield* walkNode(node, around)) return true
  return false
}

function* walkNode(node: PlanNode, around: Around): Walk {
  switch (node.kind) {
    case 'task':
      return (yield stepOf(node, around)).failed
    case 'block':
      return yield* walkBlock(node, around)
    case 'include':
      return yield* walkInclude(node, around)
    case 'meta':
      return yield* walkMeta(node, around)
  }
}

function stepOf(what: Task | Include | Meta, around: Around, path = [what.order]): Step {
  const { layers, rescuable } = around
  return { what, path: [...around.prefix, ...path], layers, rescuable, handler: false }
}

function* walkBlock(node: Block, around: Around): Walk {
  const hasRescue = node.rescue.length > 0
  let failed = yield* walkAll(node.block, { ...around, rescuable: around.rescuable || hasRescue })
  if (failed && hasRescue) {
    failed = yield* walkAll(node.rescue, around)
    around.host.failure = undefined
  }
  const alwaysFailed = yield* walkAll(node.always, around)
  return failed || alwaysFailed
}

function* walkInclude(node: Include, around: Around): Walk {
  const verdict = yield stepOf(node, around)
  if (verdict.failed) return true
  for (const [index, layers] of (verdict.rounds ?? []).entries()) {
    const inner = {
      ...around,
      prefix: [...around.prefix, node.order, index],
      layers: [...around.layers, ...layers],
    }
    if (yield* walkAll(node.children, inner)) return true
  }
  return false
}

function* walkMeta(node: Meta, around: Around): Walk {
  const verdict = yield stepOf(node, around)
  if (verdict.failed) return true
  if (verdict.skipped || node.action !== 'flush_handlers') return false
  return yield* walkFlush([node.order], around)
}

/** Runs what was notified; a handler that notifies one defined before it brings another round. */
function* walkFlush(path: readonly number[], around: Around): Walk {
  for (let round = 0; around.host.notified.size > 0; round++) {
    for (const [index, handler] of around.handlers.entries()) {
      if (!around.host.notified.delete(handler)) continue
      const step = { ...stepOf(handler, around, [...path, round, index]), handler: true }
      if ((yield step).failed) return true
    }
  }
  return false
}
