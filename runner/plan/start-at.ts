import { didYouMean, InputError } from '../errors.js'
import { titleOf } from './list.js'
import type { Plan, PlanNode, Play, Task } from './plan.js'

/**
 * The plan from the first task of that name on: a name, `role : name`, or a glob. Facts are still gathered before it,
 * and what stands around the task (rescue, always) still holds. A task is found where the files say where it stands:
 * not in an include that loops, not among handlers, not in a rescue.
 * @throws InputError where there is no such task
 */
export function startAt(plan: Plan, wanted: string): Plan {
  const names: string[] = []
  const isIt = (task: Task): boolean => {
    const found = namesOf(task)
    names.push(...found)
    return found.some((name) => name === wanted || globRule(wanted).test(name))
  }
  for (const [index, play] of plan.plays.entries()) {
    const nodes = fromTask(play.nodes, isIt)
    if (!nodes) continue
    const before = plan.plays.slice(0, index).map((earlier): Play => ({ ...earlier, nodes: [] }))
    return { ...plan, plays: [...before, { ...play, nodes }, ...plan.plays.slice(index + 1)] }
  }
  const guess = didYouMean(wanted, names)
  throw new InputError([
    {
      code: 'option',
      message: `--start-at-task: no task is named '${wanted}'`,
      hint: guess ? `did you mean '${guess}'?` : '--list-tasks lists the tasks',
    },
  ])
}

function namesOf(task: Task): string[] {
  const name = titleOf(task)
  return task.role ? [name, `${task.role.name} : ${name}`] : [name]
}

/** The nodes from the task on, or nothing where it is not among them. */
function fromTask(nodes: readonly PlanNode[], isIt: (task: Task) => boolean): PlanNode[] | undefined {
  for (const [index, node] of nodes.entries()) {
    const rest = nodes.slice(index + 1)
    const found = within(node, isIt)
    if (found) return [found, ...rest]
  }
  return undefined
}

function within(node: PlanNode, isIt: (task: Task) => boolean): PlanNode | undefined {
  if (node.kind === 'meta') return undefined
  if (node.kind === 'task') return isIt(node) ? node : undefined
  if (node.kind === 'include') {
    if (isIt(node.task)) return node
    const children = node.task.loop ? undefined : fromTask(node.children, isIt)
    return children && { ...node, children }
  }
  const block = fromTask(node.block, isIt)
  if (block) return { ...node, block }
  const always = fromTask(node.always, isIt)
  return always && { ...node, block: [], rescue: [], always }
}

/** `fnmatch`: `*`, `?` and `[…]`. */
function globRule(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '[\\s\\S]*')
    .replace(/\?/g, '[\\s\\S]')
    .replace(/\[!/g, '[^')
  try {
    return new RegExp(`^${source}$`)
  } catch {
    return /(?!)/
  }
}
