import type { Report } from '../errors.js'
import type { Inventory } from '../inventory/inventory.js'
import {
  type ArgumentOption,
  checkOption,
  validateArgumentSpecModule,
} from '../modules/control/validate-argument-spec.js'
import type { Layer, Variable } from '../vars/layers.js'
import type { HostScope } from '../vars/scope.js'
import { typedValue } from '../vars/typed.js'
import type { PlanNode, Task } from './plan.js'
import { staticScope } from './static-scope.js'

/** What a role's argument spec is held against before the run. */
export interface SpecChecks {
  readonly inventory: Inventory
  /** The hosts of the play. */
  readonly hosts: readonly string[]
  /** The play's own layers, and `-e`. */
  readonly layers: readonly Layer[]
  /** Names that tasks or questions set: their values are only known in the run. */
  readonly late: ReadonlySet<string>
  readonly report: Report
}

/**
 * Values that stand in an inventory, a playbook or a role as they are, against the argument specs of the roles: a wrong
 * type, a value that is no choice, and a required variable that nothing defines. What is computed, is checked in the run.
 */
export function checkSpecs(nodes: readonly PlanNode[], checks: SpecChecks): void {
  const checked = new Set<Variable>()
  const scopes = checks.hosts.map(
    (host) => [host, staticScope(checks.inventory, host, checks.layers)] as const,
  )
  for (const task of nodes.flatMap(certain)) {
    if (task.action.module !== validateArgumentSpecModule || task.action.parts.length > 0) continue
    const { argument_spec } = task.action.args.constant!.value as {
      argument_spec: Readonly<Record<string, ArgumentOption>>
    }
    for (const [host, outer] of scopes) {
      const scope = outer.extend(task.layers)
      for (const [name, option] of Object.entries(argument_spec))
        if (!checks.late.has(name)) checkVariable(name, option, { host, scope, task, checked }, checks.report)
    }
  }
}

/** The tasks that run whatever a run finds: no condition, no loop and no failure decides on them. */
function certain(node: PlanNode): Task[] {
  if (node.kind === 'task') return node.keywords.when.length === 0 ? [node] : []
  if (node.kind === 'block') return [...node.block, ...node.always].flatMap(certain)
  if (node.kind !== 'include' || node.task.loop || node.task.keywords.when.length > 0) return []
  return node.children.flatMap(certain)
}

interface At {
  readonly host: string
  readonly scope: HostScope
  readonly task: Task
  readonly checked: Set<Variable>
}

function checkVariable(name: string, option: ArgumentOption, at: At, report: Report): void {
  const winner = at.scope.explain(name)?.winner
  if (!winner) {
    if (option.required)
      report({
        code: 'undefined-variable',
        message: `role '${at.task.role?.name}' requires the variable '${name}', and nothing defines it for ${at.host}`,
        span: at.task.span,
        hint: `its argument spec says: ${[option.description ?? 'required'].flat().join(' ')}`,
      })
    return
  }
  const { value, origin } = winner
  if (!value.constant || at.checked.has(winner)) return
  at.checked.add(winner)
  const span = value.span ?? origin.span
  for (const message of checkOption(name, option, typedValue(value.constant.value, option)))
    report({
      code: 'bad-argument',
      message: `${message} (argument spec of role '${at.task.role?.name}')`,
      span,
    })
  const raw = value.span?.file.text.slice(value.span.start, value.span.end)
  const isText = ['str', 'path'].includes(option.type ?? 'str')
  if (isText && losesDigits(value.constant.value, raw ?? ''))
    report({
      code: 'bad-argument',
      message: `variable '${name}' is text, and YAML reads ${raw} as the number ${String(value.constant.value)}`,
      span,
      hint: `quote it: "${raw}"`,
    })
}

/** `1.30` and `1:30`, which are not what they look like. */
export function losesDigits(value: unknown, raw: string): boolean {
  return typeof value === 'number' && /^[-+]?[\d_]+[.:]/.test(raw) && String(value) !== raw
}
