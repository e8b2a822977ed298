import { types } from 'node:util'
import { Secret } from '../secrets/secret.js'
import { EvaluationError } from './compiled.js'

/** Values that were found to be plain, all the way down, and frozen: they need not be walked again. */
const sealed = new WeakSet<object>()
/** Sealed values that hold a secret somewhere, with the same value in clear. */
const revealed = new WeakMap<object, unknown>()

/** Deeper than any data that people write; a cycle runs into it. */
const maxDepth = 200

/**
 * Check that a value is plain data (text, numbers, true and false, null, lists, objects, secrets, marks such as
 * `omit`) and freeze it, so that no expression can change what another one sees. Lazy views are copied.
 * @throws EvaluationError for functions, Sets, Maps, dates, cycles and the like
 */
export function seal(value: unknown, depth = 0): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value
  if (value === undefined || value instanceof Secret || Buffer.isBuffer(value)) return value
  if (typeof value === 'symbol') return value
  if (typeof value !== 'object') throw notData(value)
  if (sealed.has(value)) return value
  if (isPrototype(value)) throw notData(value)
  if (depth > maxDepth) throw new EvaluationError('this value contains itself, or is nested too deeply')
  const copy = Array.isArray(value) ? sealArray(value, depth) : sealObject(value, depth)
  sealed.add(copy)
  return copy
}

/**
 * What `o['__proto__']` gives, should a host name a key so: JavaScript's own objects, which must not be frozen, nor be
 * taken for data that is empty.
 */
function isPrototype(value: object): boolean {
  if (types.isProxy(value)) return false
  const own = Object.getOwnPropertyDescriptor(value, 'constructor')
  return own !== undefined && !own.enumerable && typeof own.value === 'function'
}

function sealArray(value: readonly unknown[], depth: number): object {
  const items = Array.from(value, (item) => seal(item, depth + 1))
  const same = !types.isProxy(value) && items.every((item, index) => Object.is(item, value[index]))
  return Object.freeze(same ? value : items)
}

function sealObject(value: object, depth: number): object {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) throw notData(value)
  const entries = Object.entries(value).map(([key, inner]) => [key, seal(inner, depth + 1)] as const)
  const own = Object.getOwnPropertyDescriptors(value)
  const same =
    !types.isProxy(value) &&
    entries.every(([key, inner]) => Object.is(inner, own[key]?.value) && !own[key]?.get)
  return Object.freeze(same ? value : Object.fromEntries(entries))
}

/** A view that computes its members when they are asked for, such as `hostvars`: it must not be walked. */
export function isLazy(value: unknown): boolean {
  if (value === null || typeof value !== 'object' || sealed.has(value)) return false
  return types.isProxy(value) || Object.values(Object.getOwnPropertyDescriptors(value)).some(({ get }) => get)
}

/** The value as expressions compute with it: secrets in clear, because `'a' + secret` must not give `a***`. */
export function reveal(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal()
  if (value === null || typeof value !== 'object' || !sealed.has(value)) return value
  if (revealed.has(value)) return revealed.get(value)
  const clear = revealInside(value)
  revealed.set(value, clear)
  if (typeof clear === 'object' && clear !== null) sealed.add(clear)
  return clear
}

function revealInside(value: object): unknown {
  if (Buffer.isBuffer(value)) return value
  const entries = Object.entries(value).map(([key, inner]) => [key, inner, reveal(inner)] as const)
  if (entries.every(([, inner, clear]) => Object.is(inner, clear))) return value
  const clear = Array.isArray(value)
    ? entries.map(([, , inner]) => inner)
    : Object.fromEntries(entries.map(([key, , inner]) => [key, inner]))
  return Object.freeze(clear)
}

function notData(value: unknown): EvaluationError {
  const name = kind(value)
  const hint = hints[name]
  return new EvaluationError(`the result is a ${name}, not plain data`, undefined, hint)
}

function kind(value: unknown): string {
  if (typeof value !== 'object') return typeof value
  if (value !== null && isPrototype(value)) return 'prototype'
  return Object.prototype.toString.call(value).slice(8, -1)
}

const hints: Readonly<Record<string, string>> = {
  function: 'call it: add ()',
  Set: 'make it a list: [...x]',
  Map: 'make it an object: Object.fromEntries(x)',
  Date: 'make it text: x.toISOString()',
  bigint: 'make it a number or text: Number(x), String(x)',
  RegExp: 'make it text: x.source',
}
