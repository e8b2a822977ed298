import type { Report } from '../errors.js'
import type { PlanNode, Task } from './plan.js'

/**
 * Loops within the loop of an include whose items have the same name: the inner one hides the outer one, which few
 * people mean (Ansible warns of it in the run).
 */
export function checkLoops(nodes: readonly PlanNode[], report: Report, around: readonly Task[] = []): void {
  for (const node of nodes) {
    if (node.kind === 'block') checkLoops([...node.block, ...node.rescue, ...node.always], report, around)
    if (node.kind !== 'task' && node.kind !== 'include') continue
    const task = node.kind === 'task' ? node : node.task
    const outer = task.loop && around.find(({ loopControl }) => sameItem(loopControl, task.loopControl))
    if (outer)
      report({
        code: 'structure',
        message: `the items of this loop are called '${task.loopControl.loopVar}', as those of the loop that includes it`,
        span: task.loop!.span ?? task.span,
        hint: `name one of them: loop_control: { loop_var: … }`,
        severity: 'warning',
      })
    if (node.kind === 'include') checkLoops(node.children, report, task.loop ? [...around, task] : around)
  }
}

const sameItem = (a: Task['loopControl'], b: Task['loopControl']): boolean => a.loopVar === b.loopVar
