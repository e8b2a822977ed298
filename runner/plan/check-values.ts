import { didYouMean, type Report } from '../errors.js'
import { booleanOf } from '../expression/booleans.js'
import type { Compiled } from '../expression/compiled.js'
import type { Span } from '../syntax/source.js'
import type { Keywords, Play, Task } from './plan.js'

/** Why a value cannot be that of a keyword; nothing if it can. */
type Rule = (value: unknown) => { readonly wanted: string; readonly hint?: string | undefined } | undefined

const flag: Rule = (value) => (booleanOf(value) === undefined ? { wanted: 'true or false' } : undefined)

const isNumeral = (value: unknown): boolean =>
  (typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')) && Number(value) >= 0

const count: Rule = (value) => (isNumeral(value) ? undefined : { wanted: 'a number, 0 or more' })

const port: Rule = (value) => {
  const isPort = /^\d+$/.test(String(value)) && Number(value) >= 1 && Number(value) <= 65_535
  return isPort ? undefined : { wanted: 'a port from 1 to 65535' }
}

const share: Rule = (value) => {
  const isShare = /^\d+(\.\d+)?%?$/.test(String(value))
  return isShare ? undefined : { wanted: 'a number or a percentage' }
}

const batch: Rule = (value) =>
  (Array.isArray(value) ? value : [value]).every((size) =>
    /^(?:-?\d+|\d+(?:\.\d+)?%)$/.test(String(size).trim()),
  )
    ? undefined
    : { wanted: 'a number or a percentage' }

function oneOf(...known: readonly string[]): Rule {
  return (value) => {
    if (known.includes(String(value))) return undefined
    const guess = didYouMean(String(value), known)
    return { wanted: `one of ${known.join(', ')}`, hint: guess && `did you mean '${guess}'?` }
  }
}

const keywordRules = {
  any_errors_fatal: flag,
  become: flag,
  become_method: oneOf('sudo', 'su', 'doas'),
  check_mode: flag,
  connection: oneOf(
    'ssh',
    'local',
    'smart',
    'paramiko',
    'paramiko_ssh',
    'ansible.builtin.ssh',
    'ansible.builtin.local',
  ),
  delegate_facts: flag,
  diff: flag,
  ignore_errors: flag,
  ignore_unreachable: flag,
  no_log: flag,
  port,
  run_once: flag,
  throttle: count,
  timeout: count,
} as const satisfies Record<string, Rule>

const keywordNames = Object.keys(keywordRules) as (keyof typeof keywordRules)[]

/** Values that stand in the file as they are, and that no run could use. `seen` are keywords that other tasks have, too. */
export function checkTaskValues(task: Task, seen: Set<Keywords>, report: Report): void {
  const { keywords, loopControl } = task
  if (!seen.has(keywords))
    for (const name of keywordNames) check(name, keywords[name], keywordRules[name], report)
  seen.add(keywords)
  check('retries', task.retries, count, report)
  check('delay', task.delay, count, report)
  check('async', task.async, count, report)
  check('poll', task.poll, count, report)
  check('pause', loopControl.pause, count, report)
  check('extended', loopControl.extended, flag, report)
  check('extended_allitems', loopControl.extendedAllItems, flag, report)
}

export function checkPlayValues(play: Play, report: Report): void {
  for (const size of play.serial) check('serial', size, batch, report)
  check('max_fail_percentage', play.maxFailPercentage, share, report)
  check('force_handlers', play.forceHandlers, flag, report)
}

/** Where hosts do not wait for each other, nothing can be done once for all, and no share of them be counted. */
export function checkStrategy(play: Play, tasks: readonly Task[], report: Report): void {
  if (play.strategy === 'linear') return
  const refuse = (name: string, { span }: { readonly span?: Span | undefined }): void =>
    report({
      code: 'unsupported-key',
      message: `'${name}' has no meaning with 'strategy: ${play.strategy}': its hosts do not wait for each other`,
      span,
      hint: "let the play be 'strategy: linear'",
    })
  if (play.maxFailPercentage) refuse('max_fail_percentage', play.maxFailPercentage)
  const once = new Set(tasks.flatMap(({ keywords }) => keywords.run_once ?? []))
  for (const each of once) if (each.constant?.value === true) refuse('run_once', each)
  for (const { action, span } of tasks)
    if (action.kind === 'control' && action.module.once) refuse(action.module.name, { span })
}

function check(name: string, compiled: Compiled | undefined, rule: Rule, report: Report): void {
  const value = compiled?.constant?.value
  if (value === undefined || value === null) return
  const problem = rule(value)
  if (problem)
    report({
      code: 'structure',
      message: `'${name}' must be ${problem.wanted}, not ${JSON.stringify(value)}`,
      span: compiled!.span,
      hint: problem.hint,
    })
}
