import type { Compiled } from '../expression/compiled.js'
import type { Plan, PlanNode, Play, Task } from './plan.js'
import { tagsOf } from './tags.js'

/** A task's name as it is written; its module's where it has none. */
export function titleOf(task: Task): string {
  return task.name ? asWritten(task.name) : task.action.module.name
}

/** The value where it is known before the run, else the text that it is computed by. */
function asWritten({ constant, span }: Compiled): string {
  if (constant) return Array.isArray(constant.value) ? constant.value.join(',') : String(constant.value)
  return span ? span.file.text.slice(span.start, span.end) : ''
}

function headOf(play: Play, index: number): string {
  const pattern = asWritten(play.hosts)
  return `  play #${index + 1} (${pattern}): ${play.name ? asWritten(play.name) : pattern}\tTAGS: [${play.keywords.tags.join(', ')}]`
}

/** `--list-tasks`: each play with its tasks in their order, as Ansible prints them; includes with what is in them. */
export function listTasks(plan: Plan): string {
  return plan.plays
    .map((play, index) =>
      [headOf(play, index), '    tasks:', ...play.nodes.flatMap((node) => lines(node, '      '))].join('\n'),
    )
    .map((text) => `\n${text}\n`)
    .join('')
}

function lines(node: PlanNode, indent: string): string[] {
  const line = (task: Task): string =>
    `${indent}${task.role ? `${task.role.name} : ` : ''}${titleOf(task)}\tTAGS: [${[...task.keywords.tags].sort().join(', ')}]`
  if (node.kind === 'meta') return []
  if (node.kind === 'task') return [line(node)]
  if (node.kind === 'include')
    return [line(node.task), ...node.children.flatMap((child) => lines(child, `${indent}  `))]
  return [...node.block, ...node.rescue, ...node.always].flatMap((child) => lines(child, indent))
}

/** `--list-tags`: each play with the tags of its tasks. */
export function listTags(plan: Plan): string {
  return plan.plays
    .map(
      (play, index) =>
        `\n${headOf(play, index)}\n      TASK TAGS: [${[...tagsOf(play.nodes)].sort().join(', ')}]\n`,
    )
    .join('')
}
