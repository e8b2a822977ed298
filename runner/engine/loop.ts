import { setTimeout as delay } from 'node:timers/promises'
import { type Compiled, EvaluationError, type Scope } from '../expression/compiled.js'
import type { Task } from '../plan/plan.js'
import type { HostScope } from '../vars/scope.js'
import { isLost } from './host.js'
import { type Attempt, failedItem, type ItemOutcome, skippedItem, type TaskRun } from './item.js'
import { conditionText, describe, firstFalse } from './keywords.js'
import { loopVariables } from './loop-vars.js'
import { withResult } from './registered.js'
import { layerOf } from './scope.js'

/** How one item is run. */
interface ItemRunner {
  begin(): Promise<Attempt>
  judge(outcome: ItemOutcome): Promise<ItemOutcome>
  /** Set where it is tried again: such items are not begun ahead. */
  readonly repeat?: (() => Promise<ItemOutcome>) | undefined
}

/** At most this many items are begun ahead: a bound on what waits in memory and in the session. */
const widest = 128

/**
 * Runs the items in their order. Probes only read, so those of the items to come are sent ahead: a loop that finds
 * nothing to do costs one round trip. Once an item has changed something, what was read for later ones may be stale
 * and is read again, the window growing anew from one.
 */
export async function runLoop(
  context: TaskRun,
  scope: HostScope,
  runnerFor: (scope: HostScope, label: string) => ItemRunner,
): Promise<ItemOutcome[]> {
  const { task, run } = context
  const { items, leftOut } = loopItems(task, scope)
  if (leftOut) return [skippedItem(undefined, conditionText(leftOut))]
  const pauseMs = Number(task.loopControl.pause?.evaluate(scope) ?? 0) * 1000
  const outcomes: ItemOutcome[] = []
  const alone = pauseMs > 0 || isOneByOne(task)
  let current = scope
  let window = widest
  while (outcomes.length < items.length && !run.stop.aborted) {
    const from = outcomes.length
    const chunk = items
      .slice(from, from + (alone ? 1 : window))
      .map((_, index) => prepare(context, current, items, from + index, runnerFor))
    const attempts = chunk.map(({ runner }) => (runner.repeat ? undefined : runner.begin()))
    // An error that is nobody's result is met in its turn, not before.
    for (const attempt of attempts) attempt?.catch(() => undefined)
    window = Math.min(widest, window * 2)
    for (const [index, { runner, item, scope: itemScope }] of chunk.entries()) {
      const attempt = attempts[index]
      const outcome = attempt ? await runner.judge(await (await attempt).finish()) : await runner.repeat!()
      outcomes.push({
        ...outcome,
        result: { ...outcome.result, item, ansible_loop_var: task.loopControl.loopVar },
      })
      if (outcome.facts) current = withFacts(current, outcome.facts)
      if (isLost(outcome.status) || breaks(context, itemScope, outcome, outcomes)) return outcomes
      if (outcome.applied && index < chunk.length - 1) {
        window = 1
        await Promise.allSettled(attempts.slice(index + 1))
        break
      }
    }
    if (pauseMs > 0 && outcomes.length < items.length)
      await delay(pauseMs, undefined, { signal: run.stop }).catch(() => undefined)
  }
  return outcomes
}

/** Where an item needs what came of the one before it, none is begun ahead. */
function isOneByOne({ loopControl, until, retries, action }: Task): boolean {
  return [loopControl.breakWhen, until, retries].some(Boolean) || action.module.name === 'set_fact'
}

/** Items see the facts that those before them have set: `all: <%= [...all, item] %>`. */
function withFacts(scope: HostScope, facts: Readonly<Record<string, unknown>>): HostScope {
  return scope.extend([layerOf('set-fact', new Map(Object.entries(facts)))])
}

/** `break_when`, over the item and what was registered of it. A condition that cannot be told fails the loop. */
function breaks(context: TaskRun, scope: HostScope, outcome: ItemOutcome, outcomes: ItemOutcome[]): boolean {
  const { breakWhen } = context.task.loopControl
  if (!breakWhen) return false
  try {
    return firstFalse(breakWhen, withResult(context, scope, outcome), 'break_when') === undefined
  } catch (error) {
    outcomes.push(failedItem('break_when', error))
    return true
  }
}

function prepare(
  context: TaskRun,
  scope: HostScope,
  items: readonly unknown[],
  index: number,
  runnerFor: (scope: HostScope, label: string) => ItemRunner,
): { runner: ItemRunner; item: unknown; scope: HostScope } {
  const { loopControl } = context.task
  const item = items[index]
  try {
    const itemScope = scope.extend([layerOf('loop-vars', loopVariables(loopControl, items, index, scope))])
    const label = loopControl.label ? String(loopControl.label.evaluate(itemScope)) : describe(item)
    return { runner: runnerFor(itemScope, label), item, scope: itemScope }
  } catch (error) {
    const failed = failedItem(describe(item), error)
    return {
      item,
      scope,
      runner: { begin: async () => ({ finish: async () => failed }), judge: async (outcome) => outcome },
    }
  }
}

/**
 * The items of a loop. Where there is no telling them, since what a skipped task would have registered is missing, a
 * condition may leave the task out whatever they are (Ansible's rule).
 * @throws EvaluationError when it is no list, and UnknownError in check mode
 */
export function loopItems(
  { loop, keywords }: Pick<Task, 'loop' | 'keywords'>,
  scope: Scope,
): { readonly items: readonly unknown[]; readonly leftOut?: Compiled } {
  try {
    return { items: listOf(loop!, scope) }
  } catch (error) {
    const leftOut = leavesOut(keywords.when, scope)
    if (leftOut) return { items: [], leftOut }
    throw error
  }
}

/** Without an item, some conditions cannot be told: then the error of the loop is the news. */
function leavesOut(conditions: readonly Compiled[], scope: Scope): Compiled | undefined {
  try {
    return firstFalse(conditions, scope, 'when')
  } catch {
    return undefined
  }
}

function listOf(loop: Compiled, scope: Scope): readonly unknown[] {
  const value = loop.evaluate(scope)
  if (Array.isArray(value)) return value
  throw new EvaluationError(
    `'loop' must be a list, not ${describe(value)}`,
    loop.span,
    typeof value === 'object' && value !== null
      ? 'for a mapping: loop: <%= Object.entries(x) %>, or with_dict'
      : 'a single tag keeps its type: loop: <%= groups.agent %>',
  )
}
