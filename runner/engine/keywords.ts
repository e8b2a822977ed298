import { booleanOf } from '../expression/booleans.js'
import { type Compiled, EvaluationError, type Scope } from '../expression/compiled.js'
import { becomeOf, targetOf } from '../inventory/target.js'
import type { Keywords } from '../plan/plan.js'
import type { Become, Target } from '../transport/transport.js'
import type { ConnectionOptions } from './context.js'

/** The keywords of a task, evaluated for one host. */
export interface Effective {
  readonly checkMode: boolean
  readonly diff: boolean
  readonly noLog: boolean
  readonly runOnce: boolean
  readonly ignoreErrors: boolean
  readonly ignoreUnreachable: boolean
  readonly anyErrorsFatal: boolean
  /** Milliseconds. */
  readonly timeoutMs: number | undefined
  readonly delegate: string | undefined
  /** Facts are the delegate's, not the host's. */
  readonly delegateFacts: boolean
}

export function evaluateKeywords(
  keywords: Keywords,
  scope: Scope,
  defaults: { check: boolean; diff: boolean },
): Effective {
  const flag = (value: Compiled | undefined, name: string, fallback: boolean): boolean =>
    value ? asFlag(value.evaluate(scope), name, value) : fallback
  const seconds = asCount(keywords.timeout, 'timeout', scope)
  asCount(keywords.throttle, 'throttle', scope)
  const delegate = keywords.delegate_to?.evaluate(scope)
  return {
    checkMode: flag(keywords.check_mode, 'check_mode', defaults.check),
    diff: flag(keywords.diff, 'diff', defaults.diff),
    noLog: flag(keywords.no_log, 'no_log', false),
    runOnce: flag(keywords.run_once, 'run_once', false),
    ignoreErrors: flag(keywords.ignore_errors, 'ignore_errors', false),
    ignoreUnreachable: flag(keywords.ignore_unreachable, 'ignore_unreachable', false),
    anyErrorsFatal: flag(keywords.any_errors_fatal, 'any_errors_fatal', false),
    timeoutMs: seconds === undefined || seconds === 0 ? undefined : seconds * 1000,
    delegate: delegate === undefined || delegate === null ? undefined : String(delegate),
    delegateFacts: flag(keywords.delegate_facts, 'delegate_facts', false),
  }
}

/** Conditions are booleans: anything else is a mistake, not "truthy" (Ansible 2.19 came to the same rule). */
function asBoolean(value: unknown, what: string, at: Compiled): boolean {
  if (typeof value === 'boolean') return value
  throw new EvaluationError(
    `'${what}' must be true or false, not ${describe(value)}`,
    at.span,
    'compare it: x === …, x.length > 0, x !== undefined',
  )
}

/** A keyword that is on or off may be told in Ansible's words: what `-e` and INI inventories give is text. */
export function asFlag(value: unknown, what: string, at: Compiled): boolean {
  const flag = booleanOf(value)
  if (flag !== undefined) return flag
  throw new EvaluationError(`'${what}' must be true or false, not ${describe(value)}`, at.span)
}

/** A number that is not negative, or nothing. @throws EvaluationError */
export function asCount(compiled: Compiled | undefined, what: string, scope: Scope): number | undefined {
  const value = compiled?.evaluate(scope)
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'number' && number >= 0) return number
  throw new EvaluationError(`'${what}' must be a number, 0 or more, not ${describe(value)}`, compiled?.span)
}

/** The first condition that does not hold; undefined when all hold. */
export function firstFalse(
  conditions: readonly Compiled[],
  scope: Scope,
  what: string,
): Compiled | undefined {
  return conditions.find((condition) => !asBoolean(condition.evaluate(scope), what, condition))
}

/** A condition as it is written. */
export function conditionText({ span }: Compiled): string {
  return span ? span.file.text.slice(span.start, span.end) : 'a condition'
}

/** A name. One that cannot be told yet, such as with a loop's item in it, is shown as it is written. */
export function titleOf(name: Compiled | undefined, scope: Scope): string | undefined {
  try {
    return name && String(name.evaluate(scope))
  } catch {
    return name?.span && conditionText(name)
  }
}

/** Where and as whom a host is entered for a task. */
export function connectionOf(
  name: string,
  scope: Scope,
  keywords: Keywords,
  options: ConnectionOptions,
): { target: Target; become: Become | undefined } {
  const value = (compiled: Compiled | undefined): unknown => compiled?.evaluate(scope)
  const target = targetOf(name, scope, {
    user: optionalText(value(keywords.remote_user)) ?? options.user,
    port: value(keywords.port),
    connection: optionalText(value(keywords.connection)) ?? options.connection,
    privateKey: options.privateKey,
    password: options.password,
    sshCommonArgs: options.sshCommonArgs,
    sshExtraArgs: options.sshExtraArgs,
    hostKeyPolicy: options.hostKeyPolicy,
    connectTimeoutMs: options.connectTimeoutMs,
  })
  const become = becomeOf(scope, {
    become: keywords.become ? asFlag(value(keywords.become), 'become', keywords.become) : options.become,
    user: optionalText(value(keywords.become_user)) ?? options.becomeUser,
    method: optionalText(value(keywords.become_method)) ?? options.becomeMethod,
    password: options.becomePassword,
  })
  return { target, become }
}

/** `environment` of the play, the blocks and the task, merged; the inner one wins. */
export function environmentOf(keywords: Keywords, scope: Scope): Record<string, string> {
  const merged: Record<string, string> = {}
  for (const layer of keywords.environment) {
    const value = layer.evaluate(scope)
    for (const mapping of (Array.isArray(value) ? value : [value]) as unknown[]) {
      if (mapping === null || mapping === undefined) continue
      if (typeof mapping !== 'object' || Array.isArray(mapping))
        throw new EvaluationError(
          `'environment' must be a mapping or a list of them, not ${describe(mapping)}`,
          layer.span,
        )
      for (const [key, inner] of Object.entries(mapping)) merged[key] = String(inner)
    }
  }
  return merged
}

function optionalText(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value)
}

/** A value in a message: its text where it is short, its kind else. */
export function describe(value: unknown): string {
  if (value === undefined) return 'undefined'
  const text = JSON.stringify(value) ?? String(value)
  const kind = Array.isArray(value) ? 'a list' : value === null ? 'nothing' : `a ${typeof value}`
  return text.length <= 40 ? text : kind
}
