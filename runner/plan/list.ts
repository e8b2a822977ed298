import type { Compiled } from '../expression/compiled.js'
import type { Plan, PlanNode, Play, RoleInfo, Task } from './plan.js'
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

/** What is listed of each play. */
export interface Listing {
  /** The hosts of a play; absent, they are not listed. */
  readonly hosts?: ((play: Play) => readonly string[]) | undefined
  readonly tasks: boolean
  readonly tags: boolean
}

/** `--list-hosts`, `--list-tasks`, `--list-tags`: as Ansible prints them; includes with what is in them. */
export function listPlan(plan: Plan, listing: Listing): string {
  return [...new Set(plan.playbooks)]
    .map((name) => {
      const plays = plan.plays.filter(({ playbook }) => playbook === name)
      return `\nplaybook: ${name}\n${plays.map((play, index) => listed(play, index, listing)).join('')}`
    })
    .join('')
}

function listed(play: Play, index: number, { hosts, tasks, tags }: Listing): string {
  const names = hosts?.(play)
  const lists = [
    ...(tasks ? ['    tasks:', ...play.nodes.flatMap((node) => lines(node, '      '))] : []),
    ...(tags ? [`      TASK TAGS: [${[...tagsOf(play.nodes)].sort().join(', ')}]`] : []),
  ]
  return [
    `\n${headOf(play, index)}`,
    ...(names ? [`    pattern: ['${asWritten(play.hosts)}']`, `    hosts (${names.length}):`] : []),
    ...(names ?? []).map((name) => `      ${name}`),
    ...lists,
  ]
    .join('\n')
    .concat('\n')
}

function lines(node: PlanNode, indent: string): string[] {
  const line = (title: string, role: RoleInfo | undefined, tags: readonly string[]): string =>
    `${indent}${role ? `${role.name} : ` : ''}${title}\tTAGS: [${[...tags].sort().join(', ')}]`
  const lineOf = (task: Task): string => line(titleOf(task), task.role, task.keywords.tags)
  switch (node.kind) {
    case 'meta':
      return node.implicit ? [] : [line(node.name ? asWritten(node.name) : 'meta', node.role, node.tags)]
    case 'task':
      return [lineOf(node)]
    case 'include':
      return [lineOf(node.task), ...node.children.flatMap((child) => lines(child, `${indent}  `))]
    case 'block':
      return [...node.block, ...node.rescue, ...node.always].flatMap((child) => lines(child, indent))
  }
}
