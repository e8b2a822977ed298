import type { Change } from '../module.js'
import { familyOf, normalAddress } from './address.js'
import { isSameRule, type Rule, ruleWords } from './rule.js'
import type { UfwState } from './state.js'

/** What is asked of ufw. */
export interface UfwOrder {
  readonly state?: 'enabled' | 'disabled' | 'reloaded' | 'reset' | undefined
  readonly policy?:
    | { readonly policy: string; readonly direction: 'incoming' | 'outgoing' | 'routed' }
    | undefined
  readonly logging?: string | undefined
  readonly rule?: Omit<Rule, 'v6'> | undefined
  readonly delete: boolean
  readonly insert?: number | undefined
}

/** The arguments of each `ufw` that applying runs. */
type Commands = readonly (readonly string[])[]

/** Rules come before enabling, so that turning the firewall on cannot lock anyone out. */
export function planUfw(order: UfwOrder, state: UfwState): Change<Commands> | undefined {
  const after = order.state === 'reset' ? { ...state, enabled: false, active: false, rules: [] } : state
  const steps = [
    ...(order.state === 'reset' && (state.enabled || state.rules.length > 0) ? [['--force', 'reset']] : []),
    ...policyStep(order, state),
    ...loggingStep(order, state),
    ...ruleStep(order, after),
    ...stateStep(order, state),
  ]
  if (steps.length === 0) return undefined
  return {
    summary: steps.map((words) => `ufw ${words.filter((word) => word !== '--force').join(' ')}`),
    differences: [{ subject: 'ufw', ...sides(order, state) }],
    ...(state.installed ? {} : { requires: ['command:ufw'] }),
    data: steps,
  }
}

function policyStep({ policy }: UfwOrder, state: UfwState): string[][] {
  if (!policy || (state.installed && state.policies[policy.direction] === policy.policy)) return []
  return [['default', policy.policy, policy.direction]]
}

function loggingStep({ logging }: UfwOrder, state: UfwState): string[][] {
  const same = logging === 'on' ? state.logging !== 'off' : logging === state.logging
  return logging === undefined || (state.installed && same) ? [] : [['logging', logging]]
}

function stateStep({ state: wanted }: UfwOrder, state: UfwState): string[][] {
  if (wanted === 'enabled' && !state.active) return [['--force', 'enable']]
  if (wanted === 'disabled' && state.enabled) return [['disable']]
  return wanted === 'reloaded' && state.enabled ? [['reload']] : []
}

function ruleStep(order: UfwOrder, state: UfwState): string[][] {
  if (!order.rule) return []
  const rule = normalRule(order.rule)
  const { delete: remove, insert } = order
  const found = state.rules.filter((other) => isSameRule(other, rule))
  // ufw replaces the whole rule: without the old comment it would be lost.
  const comment = rule.comment || (found[0]?.comment ?? '')
  const words = ruleWords({ ...rule, comment }, !remove)
  const command = rule.route ? ['route'] : []
  if (remove)
    return found.some((other) => other.action === rule.action)
      ? [['--force', ...command, 'delete', ...words]]
      : []
  const family = familyOf(rule.from) || familyOf(rule.to)
  const needed = family === 4 ? [false] : family === 6 ? [true] : state.ipv6 ? [false, true] : [false]
  const right = (other: Rule) =>
    other.action === rule.action &&
    other.log === rule.log &&
    (rule.comment === '' || other.comment === rule.comment)
  if (needed.every((v6) => found.some((other) => other.v6 === v6 && right(other)))) return []
  const count = state.rules.filter((other) => other.v6 === (family === 6)).length
  const place = insert !== undefined && found.length === 0 && insert <= count ? ['insert', `${insert}`] : []
  return [[...command, ...place, ...words]]
}

/** Addresses as ufw keeps them. */
function normalRule(rule: Omit<Rule, 'v6'>): Omit<Rule, 'v6'> {
  return { ...rule, from: normalAddress(rule.from), to: normalAddress(rule.to) }
}

function sides({ rule, delete: remove, policy, state: wanted, logging }: UfwOrder, state: UfwState) {
  const before: string[] = []
  const after: string[] = []
  const add = (label: string, old: string | undefined, now: string | undefined) => {
    if (old !== undefined) before.push(`${label}${old}\n`)
    if (now !== undefined) after.push(`${label}${now}\n`)
  }
  if (policy) add(`default ${policy.direction} `, state.policies[policy.direction], policy.policy)
  if (logging) add('logging ', state.logging, logging)
  if (rule) {
    const wantedRule = normalRule(rule)
    const found = state.rules.find((other) => isSameRule(other, wantedRule))
    const now = remove
      ? undefined
      : ruleWords({ ...wantedRule, comment: rule.comment || (found?.comment ?? '') }, true).join(' ')
    add('', found && ruleWords(found, true).join(' '), now)
  }
  if (wanted)
    add(
      'status ',
      state.active ? 'active' : 'inactive',
      wanted === 'enabled' || wanted === 'reloaded' ? 'active' : 'inactive',
    )
  return { before: before.join(''), after: after.join('') }
}
