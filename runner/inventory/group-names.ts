import type { Report } from '../errors.js'
import type { Span } from '../syntax/source.js'
import { nameProblem } from './host-key.js'

/** Why a group cannot have this name; `undefined` if it can. */
export function groupNameProblem(name: string): string | undefined {
  return nameProblem(name) ?? (name.includes(':') ? 'a group name cannot hold a colon' : undefined)
}

/** A name that JavaScript does not take as one is allowed, as in Ansible, with a warning. */
export function warnOfGroupName(name: string, span: Span, report: Report): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return
  const message = `the group name ${name} is no name in JavaScript`
  report({ code: 'inventory', message, span, hint: `write groups['${name}']`, severity: 'warning' })
}

/** The value of `ansible_group_priority`: a whole number, or text that is one. Anything else is reported. */
export function readPriority(value: unknown, span: Span | undefined, report: Report): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number)) return number
  report({ code: 'inventory', message: 'ansible_group_priority must be a whole number', span })
  return undefined
}
