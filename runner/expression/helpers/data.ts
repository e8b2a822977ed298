import { isDeepStrictEqual } from 'node:util'
import type { Diagnostic } from '../../errors.js'
import { toPlain } from '../../syntax/read.js'
import { parseYamlData, stringifyYaml } from '../../syntax/yaml.js'
import { booleanOf } from '../booleans.js'
import { EvaluationError } from '../compiled.js'
import { text } from './argument.js'

export function toJson(value: unknown, indent = 0): string {
  if (value === undefined) throw new EvaluationError('toJson: the value is undefined')
  return JSON.stringify(value, undefined, indent)
}

export function toYaml(value: unknown): string {
  if (value === undefined) throw new EvaluationError('toYaml: the value is undefined')
  return stringifyYaml(value).replace(/\n$/, '')
}

export function fromJson(value: unknown): unknown {
  return JSON.parse(text('fromJson', value))
}

/** It is data and never compiled, whatever it holds; it may well come from a host. */
export function fromYaml(value: unknown): unknown {
  const mistakes: Diagnostic[] = []
  const file = { path: '(text)', text: text('fromYaml', value) }
  const node = parseYamlData(
    file,
    (diagnostic) => diagnostic.severity !== 'warning' && mistakes.push(diagnostic),
  )
  if (mistakes[0]) throw new EvaluationError(`fromYaml: ${mistakes[0].message}`)
  return node ? toPlain(node) : null
}

export function toBool(value: unknown): boolean {
  const found = booleanOf(value)
  if (found !== undefined) return found
  const shown = typeof value === 'string' ? `'${value}'` : value === null ? 'null' : `a ${typeof value}`
  throw new EvaluationError(`toBool: true, yes, on, 1, false, no, off or 0 is wanted, not ${shown}`)
}

export function unique(list: unknown): unknown[] {
  if (!Array.isArray(list)) throw new EvaluationError('unique: a list is wanted')
  const scalars = new Set<unknown>()
  const objects: unknown[] = []
  return list.filter((item) => {
    if (item === null || typeof item !== 'object') return !scalars.has(item) && scalars.add(item)
    return !objects.some((other) => isDeepStrictEqual(other, item)) && objects.push(item)
  })
}

/** Longer lists are a mistake, and would fill the memory. */
const maxRange = 1_000_000

export function range(start: unknown, end?: unknown, step: unknown = 1): number[] {
  const [from, to] = end === undefined ? [0, start] : [start, end]
  const numbers = [from, to, step]
  if (!numbers.every((n): n is number => typeof n === 'number' && Number.isFinite(n)) || step === 0)
    throw new EvaluationError('range: numbers are wanted, and a step that is not 0')
  const [a, b, by] = numbers as [number, number, number]
  const length = Math.max(0, Math.ceil((b - a) / by))
  if (length > maxRange) throw new EvaluationError(`range: more than ${maxRange} numbers`)
  return Array.from({ length }, (_, index) => a + index * by)
}

export function combine(...objects: unknown[]): unknown {
  return objects.reduce((left, right) => {
    if (!isObject(right)) throw new EvaluationError('combine: objects are wanted')
    return merge(left, right)
  }, {})
}

function merge(left: unknown, right: unknown): unknown {
  if (!isObject(left) || !isObject(right)) return right
  const merged = new Map(Object.entries(left))
  for (const [key, value] of Object.entries(right))
    merged.set(key, merged.has(key) ? merge(merged.get(key), value) : value)
  return Object.fromEntries(merged)
}

function isObject(value: unknown): value is object {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
