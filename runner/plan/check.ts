import { didYouMean, type Report } from '../errors.js'
import type { Compiled } from '../expression/compiled.js'
import type { Inventory } from '../inventory/index.js'
import type { Layer } from '../vars/layers.js'
import { magicNames } from '../vars/magic.js'
import { nearestWins } from './inherit.js'
import { type Keywords, type Plan, type PlanNode, type Play, type Task, taskOfHandler } from './plan.js'

/** Checks that need the whole plan: variables that nothing defines, handlers that are nowhere defined. */
export function checkPlan(plan: Plan, extraVars: ReadonlySet<string>, report: Report): void {
  const everywhere = new Set([...magicNames, ...extraVars, ...inventoryNames(plan.inventory)])
  for (const play of plan.plays) for (const task of allTasks(play)) addProduced(task, everywhere)
  for (const play of plan.plays) {
    const known = new Set(everywhere)
    for (const layer of play.layers) addNames(layer, known)
    for (const prompt of play.prompts) known.add(prompt.name)
    for (const layer of play.nodes.flatMap(exposedBy)) addNames(layer, known)
    checkPlay(play, namesOfPlay(known), report)
  }
}

function checkPlay(play: Play, known: Known, report: Report): void {
  checkNames(
    [play.name, play.hosts, ...play.serial, play.maxFailPercentage, play.forceHandlers, play.gatherTimeout],
    known,
    report,
  )
  checkLayers(play.layers, known, report)
  const answers = new Set(
    play.handlers
      .map(taskOfHandler)
      .flatMap((handler) => [constantText(handler.name), ...handler.listen].filter(Boolean)),
  )
  const checked = new Set<Layer>()
  for (const task of allTasks(play)) {
    const names = within(known, task.layers)
    const fresh = task.layers.filter((layer) => !checked.has(layer) && checked.add(layer))
    checkLayers(fresh, names, report)
    checkTask(task, names, report)
    checkNotify(task, answers, report)
  }
}

/**
 * Names that are known in a play or in the layers of a task. Nothing is copied for each task, and a name that is
 * misspelt in many places is guessed once: what a check costs grows with the tasks, not with their square.
 */
function within(known: Known, layers: readonly Layer[]): Known {
  const own = (): string[] => layers.flatMap((layer) => [...layer.vars.keys()])
  return {
    has: (name) => known.has(name) || layers.some((layer) => layer.vars.has(name)),
    guess: (name) => didYouMean(name, own()) ?? known.guess(name),
  }
}

function namesOfPlay(names: ReadonlySet<string>): Known {
  const guesses = new Map<string, string | undefined>()
  return {
    has: (name) => names.has(name),
    guess(name) {
      if (!guesses.has(name)) guesses.set(name, didYouMean(name, names))
      return guesses.get(name)
    },
  }
}

interface Known {
  has(name: string): boolean
  /** The name that was probably meant. */
  guess(name: string): string | undefined
}

/** Variables come from tasks too: register, set_fact, loops; whichever runs first, a name is known. */
function addProduced(task: Task, names: Set<string>): void {
  if (task.register) names.add(task.register)
  names.add(task.loopControl.loopVar)
  if (task.loopControl.indexVar) names.add(task.loopControl.indexVar)
  if (task.loopControl.extended) names.add('ansible_loop')
  for (const name of task.produces ?? []) names.add(name)
  if (task.action.module.name !== 'set_fact') return
  for (const name of task.action.argumentNames) names.add(name)
}

function checkTask(task: Task, names: Known, report: Report): void {
  const action = task.action
  const conditions = action.kind === 'control' ? Object.values(action.conditions).flat() : []
  checkNames(
    [
      task.name,
      ...action.parts,
      ...conditions,
      task.loop,
      task.loopControl.label,
      task.loopControl.pause,
      task.loopControl.extended,
      task.loopControl.extendedAllItems,
      ...(task.loopControl.breakWhen ?? []),
      ...task.notify,
      ...(task.changedWhen ?? []),
      ...(task.failedWhen ?? []),
      ...(task.until ?? []),
      task.retries,
      task.delay,
      task.async,
      task.poll,
      ...keywordValues(task.keywords),
    ],
    names,
    report,
  )
}

function keywordValues(keywords: Keywords): (Compiled | undefined)[] {
  return [...keywords.environment, ...keywords.when, ...nearestWins.map((name) => keywords[name])]
}

function checkNames(compiled: readonly (Compiled | undefined)[], known: Known, report: Report): void {
  for (const value of compiled) {
    if (!value || value.names.size === 0) continue
    for (const name of value.names) {
      if (known.has(name)) continue
      const guess = known.guess(name)
      report({
        code: 'undefined-variable',
        message: `nothing defines the variable '${name}'`,
        span: value.place?.(name) ?? value.span,
        hint: guess ? `did you mean '${guess}'?` : `if it may be absent: vars.${name} ?? default`,
      })
    }
  }
}

function checkLayers(layers: readonly Layer[], known: Known, report: Report): void {
  for (const layer of layers)
    checkNames(
      [...layer.vars.values()].map((variable) => variable.value),
      known,
      report,
    )
}

function checkNotify(task: Task, answers: ReadonlySet<string | undefined>, report: Report): void {
  for (const name of task.notify) {
    const text = constantText(name)
    if (text === undefined || answers.has(text) || answers.has(text.replace(/^.* : /, ''))) continue
    const guess = didYouMean(
      text,
      [...answers].filter((answer) => answer !== undefined),
    )
    report({
      code: 'missing-handler',
      message: `no handler '${text}' is defined in this play`,
      span: name.span,
      hint: guess && `did you mean '${guess}'?`,
    })
  }
}

function constantText(value: Compiled | undefined): string | undefined {
  return value?.constant ? String(value.constant.value) : undefined
}

function inventoryNames(inventory: Inventory): string[] {
  return [...inventory.hosts.keys()].flatMap((host) =>
    inventory.layersFor(host).flatMap((layer) => [...layer.vars.keys()]),
  )
}

function addNames(layer: Layer, names: Set<string>): void {
  for (const name of layer.vars.keys()) names.add(name)
}

/** Every task of a play, handlers included. */
function allTasks(play: Play): Task[] {
  return [...play.nodes, ...play.handlers].flatMap(tasksOf)
}

function tasksOf(node: PlanNode): Task[] {
  if (node.kind === 'task') return [node]
  if (node.kind === 'include') return [node.task, ...node.children.flatMap(tasksOf)]
  if (node.kind === 'block') return [...node.block, ...node.rescue, ...node.always].flatMap(tasksOf)
  return []
}

/** Variables of included roles that hold for the rest of the play. */
function exposedBy(node: PlanNode): Layer[] {
  if (node.kind === 'include') return [...node.exposes, ...node.children.flatMap(exposedBy)]
  if (node.kind === 'block') return [...node.block, ...node.rescue, ...node.always].flatMap(exposedBy)
  return []
}
