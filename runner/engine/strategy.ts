import type { Batch, Run } from './context.js'
import type { HostRun } from './host.js'
import type { StepDone, Stepper } from './step.js'
import { type Step, type Verdict, type Walk, walkHandlers, walkPlay } from './walk.js'

/** A host on its way through the play, with the step it is at. */
interface Traveller {
  readonly host: HostRun
  readonly walk: Walk
  step: Step
}

export interface StrategyResult {
  /** The play and the run stop: `any_errors_fatal`, or too many failures. */
  readonly aborted: boolean
}

/** Walks the hosts of a batch through the play. */
export async function runStrategy(run: Run, batch: Batch, stepper: Stepper): Promise<StrategyResult> {
  const alive = batch.hosts.filter((host) => host.state === 'alive')
  const start = (host: HostRun) => walkPlay(batch.play.nodes, batch.play.handlers, host)
  const walkAll = batch.play.strategy === 'linear' || run.gate ? walkLinear : walkFree
  const result = await walkAll(run, batch, stepper, depart(alive, start))
  if (batch.forceHandlers) {
    const failed = alive.filter(
      (host) =>
        (host.state === 'failed' || (result.aborted && host.state === 'alive')) && host.notified.size > 0,
    )
    const handlers = (host: HostRun) => walkHandlers(batch.play.handlers, host)
    await walkLinear(run, batch, stepper, depart(failed, handlers))
  }
  return result
}

function depart(hosts: readonly HostRun[], start: (host: HostRun) => Walk): Traveller[] {
  return hosts.flatMap((host) => {
    const walk = start(host)
    const first = walk.next()
    return first.done ? [] : [{ host, walk, step: first.value }]
  })
}

/** Lock-step: the earliest step that any host is at is done on all hosts that are at it; then the next. */
async function walkLinear(
  run: Run,
  batch: Batch,
  stepper: Stepper,
  travellers: Traveller[],
): Promise<StrategyResult> {
  let moving = travellers
  let aborted = false
  let turned = false
  while (moving.length > 0 && !run.abort.aborted) {
    if (run.stop.aborted && !turned) {
      turned = true
      moving = moving.filter(turnBack)
      continue
    }
    const path = moving.map(({ step }) => step.path).reduce((a, b) => (comparePaths(a, b) <= 0 ? a : b))
    const group = moving.filter(({ step }) => comparePaths(step.path, path) === 0)
    const done = await performGroup(run, stepper, group)
    const fatal: boolean =
      !aborted && ([...done.values()].some((result) => result.fatal) || tooManyFailed(batch))
    aborted ||= fatal
    moving = moving.filter((traveller) => {
      const result = done.get(traveller)
      if (fatal) return advance(traveller, result?.gone ?? false, { failed: true })
      return result ? advance(traveller, result.gone, result.verdict) : isMoving(traveller)
    })
  }
  return { aborted }
}

/** A place among the forks. */
type Slot = (work: () => Promise<StepDone>) => Promise<StepDone>

/** A step that the person at the terminal does not want, or does not want any more. */
const leftOut: StepDone = { verdict: { failed: false }, gone: false, fatal: false }

/** What a `run_once` task means for the others: if its host was lost, they fail. */
function shared(done: StepDone): StepDone {
  return done.gone && done.lost ? { ...done, gone: false, verdict: { failed: true } } : done
}

async function performGroup(
  run: Run,
  stepper: Stepper,
  group: readonly Traveller[],
  slot: Slot = run.forks,
): Promise<Map<Traveller, StepDone>> {
  const [first] = group
  const { step, host } = first!
  const info = stepper.info(step, host)
  const quiet = step.what.kind === 'meta'
  if (!quiet && run.gate && !(await run.gate(info.name))) return new Map(group.map((each) => [each, leftOut]))
  const once = stepper.runsOnce(step, host)
  const workers = once ? [first!] : group
  const hosts = workers.map((traveller) => traveller.host.name)
  if (!quiet) run.emit({ type: 'task_started', task: info, hosts })
  const results = await Promise.all(
    workers.map((traveller) =>
      stepper.throttled(traveller.step, traveller.host, () =>
        slot(async () =>
          // The first Ctrl-C: who still waits for a place does not begin.
          run.stop.aborted && !traveller.host.interrupted
            ? leftOut
            : stepper.perform(traveller.step, traveller.host, info),
        ),
      ),
    ),
  )
  if (!quiet) run.emit({ type: 'task_finished', task: info })
  if (once) {
    stepper.share(
      step,
      host,
      group.slice(1).map((traveller) => traveller.host),
      results[0]!,
    )
    return new Map(
      group.map((traveller, index) => [traveller, index === 0 ? results[0]! : shared(results[0]!)]),
    )
  }
  return new Map(workers.map((traveller, index) => [traveller, results[index]!]))
}

/** Each host goes on as soon as it can; one fatal failure turns all others to their `always` sections. */
async function walkFree(
  run: Run,
  batch: Batch,
  stepper: Stepper,
  travellers: Traveller[],
): Promise<StrategyResult> {
  let aborted = false
  const isPinned = batch.play.strategy === 'host_pinned'
  const slot: Slot = isPinned ? (work) => work() : run.forks
  const walkOne = async (traveller: Traveller): Promise<void> => {
    let turned = false
    let stopped = false
    for (let moving = true; moving && !run.abort.aborted; ) {
      if (run.stop.aborted && !stopped) {
        stopped = true
        moving = turnBack(traveller)
        continue
      }
      const done = (await performGroup(run, stepper, [traveller], slot)).get(traveller)!
      aborted ||= done.fatal
      const turn: boolean = aborted && !turned
      turned ||= turn
      moving = advance(traveller, done.gone, turn ? { failed: true } : done.verdict)
    }
  }
  const walks = travellers.map((traveller) =>
    isPinned ? run.forks(() => walkOne(traveller)) : walkOne(traveller),
  )
  await Promise.all(walks)
  return { aborted }
}

/** Tells the walk how its step went; false when the host is at the end of its way. */
function advance(traveller: Traveller, gone: boolean, verdict: Verdict): boolean {
  if (gone || !isMoving(traveller)) return false
  const next = traveller.walk.next(verdict)
  if (next.done) return false
  traveller.step = next.value
  return true
}

/** An interrupted run only does what its blocks promise to do `always`; a second interrupt ends that, too. */
function turnBack(traveller: Traveller): boolean {
  traveller.host.interrupted = true
  return advance(traveller, false, { failed: true })
}

/** A failed host still runs the `always` sections around its failure: its walk says when it is over. */
function isMoving({ host }: Traveller): boolean {
  return host.state === 'alive' || host.state === 'failed'
}

/** More than `max_fail_percentage` of the batch failed; an unreachable host counts as failed (docs/differences.md). */
function tooManyFailed(batch: Batch): boolean {
  const limit = batch.maxFailPercentage
  if (limit === undefined) return false
  const failed = batch.hosts.filter((host) => host.state === 'failed' || host.state === 'unreachable').length
  return (failed / batch.hosts.length) * 100 > limit
}

/** Order of two places in a play, item by item. */
function comparePaths(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
