import { type ExitCode, exitCodes, InputError } from '../errors.js'
import { EvaluationError } from '../expression/compiled.js'
import { addHostModule } from '../modules/control/add-host.js'
import { groupByModule } from '../modules/control/group-by.js'
import type { PlanNode, Play, Prompt } from '../plan/plan.js'
import type { Files } from '../syntax/files.js'
import type { Run } from './context.js'
import { createControllers } from './controller.js'
import { hideValue } from './hide.js'
import { firstFalse } from './keywords.js'
import { limitsOf, type PlayLimits, playHosts, playScope, runPlay } from './play.js'
import { taskScope } from './scope.js'
import { exitCodeOf } from './stats.js'

/**
 * Runs every play. Everything that can be refused without a host is refused first: patterns that match nothing,
 * questions that nobody can answer.
 * @throws InputError before the first host is touched
 */
export async function executeRun(run: Run, files: Files): Promise<ExitCode> {
  const started = performance.now()
  const { plays } = run.plan
  const hosts = inputErrors(() => plays.map((_, index) => knownHosts(run, index)))
  const limits = inputErrors(() => plays.map((play) => limitsOf(run, play)))
  if (hosts.every((names) => names?.length === 0)) throw noHosts(run)
  const answers = new Map<string, unknown>()
  for (const play of plays) await askAll(run, play, answers)
  run.emit({
    type: 'run_started',
    check: run.options.check,
    diff: run.options.diff,
    playbooks: run.plan.playbooks,
  })
  const played = await runPlays(run, hosts, limits, answers, files)
  const stats = Object.fromEntries(
    [...run.hosts].filter(([name]) => played.has(name)).map(([name, host]) => [name, host.stats]),
  )
  const exitCode = run.stop.aborted ? exitCodes.interrupted : exitCodeOf(Object.values(stats), run.options)
  run.emit({
    type: 'run_finished',
    stats,
    exitCode,
    durationMs: performance.now() - started,
    check: run.options.check,
    custom: run.customStats.told(),
  })
  return exitCode
}

/**
 * The hosts of a play as far as they are known before the run. Nothing where a name is unknown that an earlier play may
 * bring: by `add_host`, `group_by`, a new look at the inventory, or a file of tasks that is only known in the run.
 */
function knownHosts(run: Run, index: number): readonly string[] | undefined {
  const { plays } = run.plan
  const mayGrow = plays
    .slice(0, index)
    .some((play) => [...play.nodes, ...play.handlers].some(changesInventory))
  try {
    return playHosts(run, plays[index]!)
  } catch (error) {
    if (mayGrow && error instanceof InputError) return undefined
    throw error
  }
}

function changesInventory(node: PlanNode): boolean {
  switch (node.kind) {
    case 'task':
      return node.action.module === addHostModule || node.action.module === groupByModule
    case 'meta':
      return node.action === 'refresh_inventory'
    case 'include':
      return node.load !== undefined || node.children.some(changesInventory)
    case 'block':
      return [...node.block, ...node.rescue, ...node.always].some(changesInventory)
  }
}

async function runPlays(
  run: Run,
  hosts: readonly (readonly string[] | undefined)[],
  limits: readonly PlayLimits[],
  answers: ReadonlyMap<string, unknown>,
  files: Files,
): Promise<ReadonlySet<string>> {
  const controllers = createControllers(files)
  const played = new Set(hosts.flatMap((names) => names ?? []))
  for (const [index, play] of run.plan.plays.entries()) {
    const names = hostsByNow(run, play, hosts[index])
    for (const name of names) played.add(name)
    const alive = names.filter((name) => run.hosts.get(name)?.state === 'alive')
    if (run.stop.aborted) return played
    if (names.length === 0) {
      run.emit({
        type: 'message',
        level: 'warning',
        text: `no host matches '${patternText(run, play)}': this play is left out`,
      })
      continue
    }
    hideSecrets(run, play, names)
    if (alive.length === 0) continue
    const { aborted } = await runPlay(run, play, names, { playVars: answers, ...limits[index]! }, controllers)
    if (aborted) return played
  }
  return played
}

/** The inventory may have grown since: a name that is still unknown then matches no host. */
function hostsByNow(run: Run, play: Play, known: readonly string[] | undefined): readonly string[] {
  if (known && !run.inventory.hasChanged) return known
  try {
    return playHosts(run, play)
  } catch (error) {
    if (error instanceof InputError || error instanceof EvaluationError) return []
    throw error
  }
}

function patternText(run: Run, play: Play): string {
  return String(play.hosts.evaluate(playScope(run, play)))
}

/** Values of the variables that a role calls secret are masked wherever they come up from now on. */
function hideSecrets(run: Run, play: Play, names: readonly string[]): void {
  for (const name of names) {
    const batch = {
      play,
      playName: '',
      playVars: new Map(),
      allHosts: names,
      hosts: [],
      forceHandlers: false,
      end: { play: false },
      maxFailPercentage: undefined,
    }
    const scope = taskScope(run, batch, run.hosts.get(name)!)
    for (const secret of play.secrets) {
      hideValue(run.redactor, scope.lookup(secret)?.value)
    }
  }
}

/** `vars_prompt`: each variable is asked for once a run. */
async function askAll(run: Run, play: Play, answers: Map<string, unknown>): Promise<void> {
  for (const prompt of play.prompts) {
    const scope = playScope(run, play)
    const known = run.options.extraVars.has(prompt.name) || answers.has(prompt.name)
    if (known || inputErrors(() => firstFalse(prompt.when, scope, 'when'))) continue
    const fallback = prompt.default?.evaluate(scope)
    const answer = await askFor(run, prompt, String(prompt.prompt.evaluate(scope)), fallback)
    answers.set(prompt.name, answer)
    if (prompt.private) hideValue(run.redactor, answer)
  }
}

/** @throws InputError where nobody can answer and there is no default */
async function askFor(run: Run, prompt: Prompt, text: string, fallback: unknown): Promise<unknown> {
  try {
    const answer = await askTwice(run, prompt, text)
    return answer === '' && fallback !== undefined ? fallback : answer
  } catch (error) {
    if (error instanceof InputError) throw error
    if (fallback !== undefined) return fallback
    const why = error instanceof Error ? error.message : 'nobody can answer'
    throw new InputError([
      {
        code: 'option',
        message: `'${prompt.name}' must be asked for, and ${why}: ${text}`,
        span: prompt.span,
        hint: `give it on the command line: -e ${prompt.name}=…`,
      },
    ])
  }
}

/** With `confirm`, until both answers are the same; a person may try five times. */
async function askTwice(run: Run, prompt: Prompt, text: string): Promise<string> {
  const options = { private: prompt.private }
  for (let left = 5; left > 0; left--) {
    const answer = await run.ask(text, options)
    if (!prompt.confirm || answer === (await run.ask(`confirm ${text}`, options))) return answer
    run.emit({ type: 'message', level: 'warning', text: `the two answers for '${prompt.name}' differ` })
  }
  const message = `the two answers for '${prompt.name}' differ, five times over`
  throw new InputError([{ code: 'option', message, span: prompt.span }])
}

/** Errors in what is evaluated before any host is touched are bad input. */
function inputErrors<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    throw new InputError([{ code: 'expression', message: error.message, span: error.span, hint: error.hint }])
  }
}

function noHosts(run: Run): InputError {
  const { limit } = run.options
  return new InputError(
    [
      {
        code: 'pattern',
        message: limit
          ? `no host matches the plays' patterns within --limit ${limit}`
          : 'no play matches any host',
      },
    ],
    exitCodes.noHosts,
  )
}
