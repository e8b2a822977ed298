import { type Compiled, constant, EvaluationError, type Scope } from '../expression/compiled.js'
import { resolvePattern } from '../inventory/index.js'
import { groupsOf } from '../modules/facts/groups.js'
import { setup } from '../modules/setup.js'
import type { HostOrder, Play, Task } from '../plan/plan.js'
import { batchSizes, cutBatches } from './batches.js'
import type { Batch, Run } from './context.js'
import type { ControllerFactory } from './controller.js'
import { createHostRun, type HostRun } from './host.js'
import { failedItem } from './item.js'
import { asFlag, describe, titleOf } from './keywords.js'
import { taskScope } from './scope.js'
import { createStepper } from './step.js'
import { runStrategy, type StrategyResult } from './strategy.js'

/** The hosts that a play runs on, in the order it asks for. The controller may be one that no inventory names. */
export function playHosts(run: Run, play: Play): readonly string[] {
  const scope = playScope(run, play)
  const hosts = play.hosts.evaluate(scope)
  const pattern = Array.isArray(hosts) ? hosts.join(',') : String(hosts)
  const names = resolvePattern(run.inventory.current, pattern, { limit: run.options.limit })
  for (const name of names) if (!run.hosts.has(name)) run.hosts.set(name, createHostRun(name))
  return inOrder(names, play.order)
}

function inOrder(hosts: readonly string[], order: HostOrder): readonly string[] {
  switch (order) {
    case 'inventory':
      return hosts
    case 'reverse_inventory':
      return hosts.toReversed()
    case 'sorted':
      return hosts.toSorted()
    case 'reverse_sorted':
      return hosts.toSorted().reverse()
    case 'shuffle':
      return hosts
        .map((name) => ({ name, at: Math.random() }))
        .sort((a, b) => a.at - b.at)
        .map(({ name }) => name)
  }
}

/** What can be named before any host is in sight: the play's own variables, `-e`, the groups. */
export function playScope(run: Run, play: Play): Scope {
  return taskScope(run, emptyBatch(play), createHostRun('localhost'))
}

function emptyBatch(play: Play): Batch {
  return {
    play,
    playName: '',
    playVars: new Map(),
    allHosts: [],
    hosts: [],
    forceHandlers: false,
    end: { play: false },
    maxFailPercentage: undefined,
  }
}

/** What is known of a play's batches before any host is in sight. */
export type PlayLimits = Pick<Batch, 'forceHandlers' | 'maxFailPercentage'>

/** Runs a play over all of its batches. Stops after a batch in which every host failed (Ansible's rule). */
export async function runPlay(
  run: Run,
  play: Play,
  names: readonly string[],
  given: PlayLimits & Pick<Batch, 'playVars'>,
  controllers: ControllerFactory,
): Promise<StrategyResult> {
  const started = performance.now()
  const playName = titleOf(play.name, playScope(run, play)) ?? names.join(',')
  const alive = names.map((name) => run.hosts.get(name)!).filter((host) => host.state === 'alive')
  const inSight = taskScope(
    run,
    { ...emptyBatch(play), allHosts: names, hosts: alive },
    createHostRun('localhost'),
  )
  run.emit({ type: 'play_started', play: playName, hosts: alive.map((host) => host.name) })
  const cut = batchesOf(run, play, alive, names.length, inSight)
  const batches = cut ?? []
  let aborted = cut === undefined
  for (const [index, hosts] of batches.entries()) {
    if (run.stop.aborted) break
    if (batches.length > 1)
      run.emit({
        type: 'batch_started',
        hosts: hosts.map((host) => host.name),
        index: index + 1,
        of: batches.length,
      })
    const batch: Batch = {
      ...emptyBatch(play),
      ...given,
      playName,
      allHosts: names,
      hosts,
    }
    aborted = await runBatch(run, batch, controllers)
    if (aborted || batch.end.play) break
  }
  for (const host of names.map((name) => run.hosts.get(name)!)) {
    if (host.state === 'ended') host.state = 'alive'
    host.exposed.clear()
    host.roles.begun.clear()
    host.roles.done.clear()
  }
  run.emit({ type: 'play_finished', play: playName, durationMs: performance.now() - started })
  return { aborted }
}

/** Nothing where `serial` cannot be told: then every host has failed. */
function batchesOf(
  run: Run,
  play: Play,
  alive: readonly HostRun[],
  total: number,
  scope: Scope,
): HostRun[][] | undefined {
  try {
    return cutBatches(alive, batchSizes(play.serial, total, scope))
  } catch (error) {
    run.emit({ type: 'message', level: 'error', text: failedItem(undefined, error).message ?? '' })
    for (const host of alive) {
      host.state = 'failed'
      host.stats.failed++
    }
    return undefined
  }
}

/** @throws EvaluationError */
export function limitsOf(run: Run, play: Play): PlayLimits {
  const scope = playScope(run, play)
  const { forceHandlers, maxFailPercentage } = play
  return {
    forceHandlers:
      run.options.forceHandlers ||
      (forceHandlers ? asFlag(forceHandlers.evaluate(scope), 'force_handlers', forceHandlers) : false),
    maxFailPercentage: percentageOf(maxFailPercentage, scope),
  }
}

/** @throws EvaluationError where it is no number: nothing would be limited */
function percentageOf(compiled: Compiled | undefined, scope: Scope): number | undefined {
  const value = compiled?.evaluate(scope)
  if (value === undefined || value === null) return undefined
  if (/^\d+(\.\d+)?%?$/.test(String(value).trim())) return Number.parseFloat(String(value))
  throw new EvaluationError(
    `'max_fail_percentage' must be a number or a percentage, not ${describe(value)}`,
    compiled?.span,
  )
}

async function runBatch(run: Run, batch: Batch, controllers: ControllerFactory): Promise<boolean> {
  const stepper = createStepper(run, batch, controllers)
  const gather = gathering(run, batch)
  const play = gather ? { ...batch.play, nodes: [gather, ...batch.play.nodes] } : batch.play
  const result = await runStrategy(run, { ...batch, play }, stepper)
  for (const host of batch.hosts) host.notified.clear()
  const noneLeft = batch.hosts.every((host) => host.state === 'failed' || host.state === 'unreachable')
  return result.aborted || noneLeft
}

/** The task that gathers facts first: on hosts whose facts this run does not know yet, or on all if asked to. */
function gathering(run: Run, batch: Batch): Task | undefined {
  const { play } = batch
  const wanted = play.gatherFacts
  if (wanted === false) return undefined
  if (wanted === 'smart' && batch.hosts.every((host) => knows(run, batch, host))) return undefined
  return {
    kind: 'task',
    id: 0,
    order: 0,
    name: constant('Gather facts'),
    action: play.gathering,
    keywords: { ...play.keywords, when: play.keywords.when, run_once: undefined, delegate_to: undefined },
    loopControl: { loopVar: 'item' },
    notify: [],
    layers: [],
    span: play.span,
    listen: [],
  }
}

/** Whether a host has told all groups of facts that the play wants. What cannot be told now, the task itself tells. */
function knows(run: Run, batch: Batch, host: HostRun): boolean {
  if (!host.facts) return false
  try {
    const wanted = setup.args.safeParse(batch.play.gathering.args.evaluate(taskScope(run, batch, host)))
    return wanted.success && groupsOf(wanted.data.gather_subset).every((each) => host.factGroups.has(each))
  } catch (error) {
    if (error instanceof EvaluationError) return false
    throw error
  }
}

/** Hosts that the plan names, so that each has a place before the first play. */
export function createHosts(names: Iterable<string>): Map<string, HostRun> {
  return new Map([...names].map((name) => [name, createHostRun(name)]))
}
