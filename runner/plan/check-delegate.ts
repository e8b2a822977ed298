import { didYouMean, type Report } from '../errors.js'
import { type Inventory, localNames } from '../inventory/inventory.js'
import type { Task } from './plan.js'

/**
 * A task may be delegated to a host that no inventory names: it is reached by that name. A group is no host, though, and
 * what is a host's name but for a letter was meant to be it. Names that differ in digits are those of neighbours.
 */
export function checkDelegate(task: Task, inventory: Inventory, report: Report): void {
  const { delegate_to } = task.keywords
  const name = delegate_to?.constant?.value
  if (typeof name !== 'string' || inventory.hosts.has(name) || localNames.has(name)) return
  const isGroup = inventory.groups.has(name)
  const digits = /\d+/g
  const guess = didYouMean(name, inventory.hosts.keys())
  const isNeighbour = guess?.replace(digits, '#') === name.replace(digits, '#')
  if (!isGroup && (guess === undefined || isNeighbour)) return
  report({
    code: 'structure',
    message: isGroup
      ? `'${name}' is a group, and a task is delegated to a host`
      : `no host is called '${name}'`,
    span: delegate_to?.span,
    hint: isGroup ? `for its first host: <%= groups.${name}[0] %>` : `did you mean '${guess}'?`,
  })
}
