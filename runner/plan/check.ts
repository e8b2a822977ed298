import { didYouMean, type Report } from '../errors.js'
import type { Inventory } from '../inventory/inventory.js'
import type { Files } from '../syntax/files.js'
import type { Layer } from '../vars/layers.js'
import { environmentName, magicNames } from '../vars/magic.js'
import { checkCycles } from './check-cycles.js'
import { checkDelegate } from './check-delegate.js'
import { hostsOf } from './check-hosts.js'
import { checkInventory, inventoryLayers } from './check-inventory.js'
import { checkLoops } from './check-loops.js'
import { addNames, checkLayers, checkNames, type Known, namesOfPlay, within } from './check-names.js'
import { answersOf, checkNotify } from './check-notify.js'
import { checkSpecs } from './check-specs.js'
import { templateOf } from './check-template.js'
import { checkPlayValues, checkStrategy, checkTaskValues } from './check-values.js'
import { checkVarsFiles } from './check-vars-files.js'
import { nearestWins } from './inherit.js'
import type { Keywords, Plan, PlanNode, Play, Task } from './plan.js'
import { extraLayer, staticScope } from './static-scope.js'

/** What the checks need beside the plan. */
export interface CheckOptions {
  readonly extraVars: ReadonlyMap<string, unknown>
  readonly files: Files
  /** Is there an inventory? Without one, only what playbooks and roles say is checked. */
  readonly hasInventory: boolean
  readonly report: Report
}

/** Checks that need the whole plan: names that nothing defines, handlers that are nowhere, values that cannot be. */
export function checkPlan(plan: Plan, options: CheckOptions): void {
  const inventory = inventoryLayers(plan.inventory)
  const names = [
    ...magicNames,
    environmentName,
    ...options.extraVars.keys(),
    ...[...inventory].flatMap((layer) => [...layer.vars.keys()]),
  ]
  const tasks = new Map(plan.plays.map((play) => [play, allTasks(play)]))
  const produced = new Set<string>()
  for (const task of [...tasks.values()].flat()) addProduced(task, produced)
  const everywhere = new Set([...names, ...produced])
  const isLate = [...tasks.values()].flat().some((task) => hostMakers.has(task.action.module.name))
  for (const play of plan.plays) {
    const known = new Set(everywhere)
    for (const layer of play.layers) addNames(layer, known)
    for (const prompt of play.prompts) known.add(prompt.name)
    for (const layer of play.varsFilesOfHosts.flatMap((file) => file.possible)) addNames(layer, known)
    for (const layer of play.nodes.flatMap(exposedBy)) addNames(layer, known)
    const all = tasks.get(play)!
    const inPlay = namesOfPlay(known, new Set())
    const anywhere = withLayers(inPlay, all)
    checkPlay(play, all, { inPlay, anywhere }, options)
    checkLoops([...play.nodes, ...play.handlers], options.report)
    if (!options.hasInventory) continue
    checkInventory(inventory, anywhere, options.report)
    if (!isLate) checkHosts(play, all, plan.inventory, produced, options)
  }
}

/** The same with the names of all tasks' layers: what a variable names is looked up where the variable is used. */
function withLayers(known: Known, tasks: readonly Task[]): Known {
  const names = new Set<string>()
  for (const layer of new Set(tasks.flatMap((task) => task.layers))) addNames(layer, names)
  return {
    used: known.used,
    has: (name) => known.has(name) || names.has(name),
    guess: (name) => known.guess(name) ?? didYouMean(name, names),
  }
}

/** Modules that make hosts and groups in the run: what a pattern means is only known then. */
const hostMakers: ReadonlySet<string> = new Set(['add_host', 'group_by'])

/** What depends on the hosts of a play: that there are any of that name, and what their variables say. */
function checkHosts(
  play: Play,
  tasks: readonly Task[],
  inventory: Inventory,
  produced: ReadonlySet<string>,
  { extraVars, report }: CheckOptions,
): void {
  for (const task of tasks) checkDelegate(task, inventory, report)
  const layers = [...play.layers, extraLayer(extraVars)]
  const hosts = hostsOf(play, inventory, layers, report)
  const late = new Set([...produced, ...play.prompts.map((prompt) => prompt.name)])
  for (const layer of play.varsFilesOfHosts.flatMap((file) => file.possible)) addNames(layer, late)
  for (const name of extraVars.keys()) late.delete(name)
  // An answer may be in a name.
  if (play.prompts.length === 0)
    checkVarsFiles(play.varsFilesOfHosts, hosts, (host) => staticScope(inventory, host, layers), report)
  checkSpecs(play.nodes, { inventory, hosts, layers, late, report })
  checkCycles(tasks, hosts, layers, inventory, report)
}

/** @param known the names of the play alone, and those of all its tasks with them */
function checkPlay(
  play: Play,
  tasks: readonly Task[],
  { inPlay, anywhere }: { readonly inPlay: Known; readonly anywhere: Known },
  options: CheckOptions,
): void {
  const { report, files } = options
  checkNames(
    [
      play.name,
      play.hosts,
      ...play.serial,
      play.maxFailPercentage,
      play.forceHandlers,
      ...play.varsFilesOfHosts.flatMap((file) => file.names),
      ...play.gathering.parts,
    ],
    inPlay,
    report,
  )
  checkPlayValues(play, report)
  checkStrategy(play, tasks, report)
  checkLayers([...play.layers, ...play.varsFilesOfHosts.flatMap((file) => file.possible)], anywhere, report)
  const answers = answersOf(play.handlers)
  const checked = new Set<Layer>()
  const seen = new Set<Keywords>()
  // Tasks side by side mostly share what is around them.
  let layers: readonly Layer[] | undefined
  let keywords: Keywords | undefined
  let names = inPlay
  for (const task of tasks) {
    const isElsewhere = task.layers !== layers
    if (isElsewhere) {
      layers = task.layers
      names = within(inPlay, layers)
      const fresh = layers.filter((layer) => !checked.has(layer) && checked.add(layer))
      checkLayers(fresh, anywhere, report)
    }
    if (isElsewhere || task.keywords !== keywords) checkKeywords(task.keywords, names, report)
    keywords = task.keywords
    checkTask(task, names, report)
    checkTaskValues(task, seen, report)
    checkNames([templateOf(task, play.playbookDir, files, report)], names, report)
    checkNotify(task, answers, report)
  }
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
  const { action, loopControl } = task
  const alone = [
    ...[task.name, task.loop, task.retries, task.delay, task.async, task.poll],
    ...[loopControl.label, loopControl.pause, loopControl.extended, loopControl.extendedAllItems],
  ]
  const conditions = action.kind === 'control' ? Object.values(action.conditions) : []
  const lists = [loopControl.breakWhen, task.notify, task.changedWhen, task.failedWhen, task.until]
  checkNames(alone, names, report)
  for (const list of [action.parts, ...conditions, ...lists]) if (list) checkNames(list, names, report)
}

function checkKeywords(keywords: Keywords, names: Known, report: Report): void {
  checkNames(keywords.environment, names, report)
  checkNames(keywords.when, names, report)
  for (const name of nearestWins) if (keywords[name]) checkNames([keywords[name]], names, report)
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
