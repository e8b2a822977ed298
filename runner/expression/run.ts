import { compileFunction } from 'node:vm'
import { didYouMean } from '../errors.js'
import type { Span } from '../syntax/source.js'
import type { BuiltExpression } from './built.js'
import { EvaluationError, type Scope } from './compiled.js'
import { isLazy, reveal, seal } from './data.js'
import { helperFunctions } from './helpers.js'
import { varsName } from './names.js'
import { lookedOutside } from './remembered.js'

type Code = (...values: unknown[]) => unknown

/**
 * JavaScript as a function of its free names, compiled when it is first needed: most of a large playbook's
 * expressions are checked and never run.
 * @param built what was compiled already
 */
export function lazyCode(
  body: string,
  names: readonly string[],
  filename: string,
  built?: BuiltExpression['code'],
): () => Code {
  let code = built as Code | undefined
  const isFickle = /\b(?:Date|random)\b/.test(body)
  return () => {
    if (isFickle) lookedOutside()
    code ??= compileFunction(`'use strict';${body}`, [...names], { filename }) as Code
    return code
  }
}

/**
 * The value of a free name: a helper, all variables as `vars`, or the variable.
 * @param place where the name stands: asked for only where there is a mistake to tell
 * @throws EvaluationError if nothing defines it
 */
export function resolveName(name: string, scope: Scope, place?: () => Span | undefined): unknown {
  if (name === varsName) return varsView(scope)
  const helper = helperFunctions.get(name)
  if (helper) return helper
  const found = scope.lookup(name)
  if (found) return readable(found.value)
  const meant = didYouMean(name, [...scope.names(), ...helperFunctions.keys()])
  const hint = meant ? `did you mean ${meant}?` : `if it may be absent, write vars.${name} ?? a default`
  throw new EvaluationError(`nothing defines the variable ${name}`, place?.(), hint)
}

/** Lazy views, such as `hostvars`, are left lazy. */
function readable(value: unknown): unknown {
  return isLazy(value) ? value : reveal(seal(value))
}

/** All variables as one read-only object: a name that nothing defines is `undefined`. */
function varsView(scope: Scope): object {
  const get = (name: string | symbol): unknown => {
    const found = typeof name === 'string' ? scope.lookup(name) : undefined
    return found && readable(found.value)
  }
  const has = (name: string | symbol) => typeof name === 'string' && [...scope.names()].includes(name)
  const refuse = (): never => {
    throw new EvaluationError('variables cannot be changed')
  }
  return new Proxy(Object.create(null) as object, {
    get: (_, name) => get(name),
    has: (_, name) => has(name),
    ownKeys: () => [...new Set(scope.names())],
    getOwnPropertyDescriptor: (_, name) =>
      has(name) ? { value: get(name), enumerable: true, configurable: true, writable: false } : undefined,
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
  })
}

const native = new Set<unknown>([
  Error,
  TypeError,
  RangeError,
  ReferenceError,
  SyntaxError,
  URIError,
  EvalError,
])

/**
 * What an exception inside an expression means to its writer. Errors of our own pass as they are: an undefined
 * variable further in, or a value that an earlier task only would have made.
 */
export function explainError(error: unknown, code: string, span: Span | undefined): unknown {
  if (error instanceof EvaluationError)
    return error.span || !span ? error : new EvaluationError(error.message, span, error.hint)
  const isNative = !(error instanceof Error) || native.has(error.constructor)
  if (!isNative) return error
  const message = error instanceof Error ? error.message : String(error)
  const shown = code.trim().replace(/\s+/g, ' ')
  const cut = shown.length > 80 ? `${shown.slice(0, 79)}…` : shown
  return new EvaluationError(`${message} in ${cut}`, span, errorHint(message))
}

function errorHint(message: string): string | undefined {
  if (/read only property|object is not extensible|Cannot delete property/.test(message))
    return 'variables cannot be changed: copy first, as in [...list].sort()'
  if (/^Cannot read properties of (?:undefined|null)/.test(message))
    return 'if it may be absent, write a?.b and give a default with ??'
  return undefined
}
