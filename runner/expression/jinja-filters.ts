import { isDeepStrictEqual } from 'node:util'
import { booleanOf } from './booleans.js'
import { EvaluationError } from './compiled.js'
import { helperFunctions } from './helpers.js'

/** The arguments of a filter as plain data. */
export interface FilterArguments {
  readonly positional: readonly unknown[]
  readonly named: ReadonlyMap<string, unknown>
}

type Filter = (value: unknown, args: FilterArguments) => unknown

const helper =
  (name: string): Filter =>
  (value, { positional }) =>
    (helperFunctions.get(name) as (...values: unknown[]) => unknown)(value, ...positional)

/** The filters of Jinja and Ansible that inventories use, over plain data. */
const filters: Readonly<Record<string, Filter>> = {
  abs: (value) => Math.abs(toNumber(value)),
  b64decode: helper('b64decode'),
  b64encode: helper('b64encode'),
  basename: helper('basename'),
  bool: (value) => booleanOf(value) ?? false,
  capitalize: (value) => toText(value).charAt(0).toUpperCase() + toText(value).slice(1).toLowerCase(),
  combine: helper('combine'),
  count: (value) => lengthOf(value),
  d: (value, args) => orDefault(value, args),
  default: (value, args) => orDefault(value, args),
  dict2items: (value) => Object.entries(toObject(value)).map(([key, inner]) => ({ key, value: inner })),
  difference: (value, args) => toList(value).filter((item) => !has(toList(args.positional[0]), item)),
  dirname: helper('dirname'),
  first: (value) => toList(value)[0],
  flatten: (value) => toList(value).flat(Number.POSITIVE_INFINITY),
  float: (value, args) => parsed(Number.parseFloat, value, argument(args, 0, 'default', 0)),
  from_json: helper('fromJson'),
  from_yaml: helper('fromYaml'),
  int: (value, args) => parsed(toInt, value, argument(args, 0, 'default', 0)),
  intersect: (value, args) => toList(value).filter((item) => has(toList(args.positional[0]), item)),
  items: (value) => Object.entries(toObject(value)),
  items2dict: (value) =>
    Object.fromEntries(toList(value).map((item) => [member(item, 'key'), member(item, 'value')])),
  join: (value, args) =>
    toList(value)
      .map(toText)
      .join(toText(argument(args, 0, 'd', ''))),
  last: (value) => toList(value).at(-1),
  length: (value) => lengthOf(value),
  list: (value) => toList(value),
  lower: (value) => toText(value).toLowerCase(),
  mandatory: (value) => value,
  map: (value, args) => mapped(toList(value), args),
  max: (value) => toList(value).reduce((a, b) => (compare(a, b) >= 0 ? a : b), undefined),
  min: (value) => toList(value).reduce((a, b) => (a !== undefined && compare(a, b) <= 0 ? a : b), undefined),
  quote: helper('quote'),
  reject: (value, args) => toList(value).filter((item) => !tested(item, args.positional)),
  rejectattr: (value, args) => byAttribute(value, args, false),
  replace: (value, { positional: [from, to] }) => toText(value).replaceAll(toText(from), () => toText(to)),
  reverse: (value) => [...toList(value)].reverse(),
  select: (value, args) => toList(value).filter((item) => tested(item, args.positional)),
  selectattr: (value, args) => byAttribute(value, args, true),
  sort: (value, args) => sorted(toList(value), args),
  split: (value, args) => splitText(toText(value), args.positional[0]),
  string: (value) => toText(value),
  sum: (value) => toList(value).reduce((sum: number, item) => sum + toNumber(item), 0),
  ternary: (value, { positional: [yes, no] }) => (isTrue(value) ? yes : no),
  title: (value) => toText(value).replace(/\b\w/g, (letter) => letter.toUpperCase()),
  to_json: (value) => helper('toJson')(value, { positional: [], named: new Map() }),
  to_nice_json: (value) => helper('toJson')(value, { positional: [4], named: new Map() }),
  to_nice_yaml: (value) => helper('toYaml')(value, { positional: [], named: new Map() }),
  to_yaml: (value) => helper('toYaml')(value, { positional: [], named: new Map() }),
  trim: (value) => toText(value).trim(),
  union: (value, args) => unique([...toList(value), ...toList(args.positional[0])]),
  unique: (value) => unique(toList(value)),
  upper: (value) => toText(value).toUpperCase(),
}

export const filterNames: ReadonlySet<string> = new Set(Object.keys(filters))

/** Filters whose operand may be undefined. */
export const lenientFilters: ReadonlySet<string> = new Set(['d', 'default'])

/** @throws EvaluationError if the value does not fit the filter */
export function applyFilter(name: string, value: unknown, args: FilterArguments): unknown {
  const filter = Object.hasOwn(filters, name) ? filters[name] : undefined
  if (!filter) throw new EvaluationError(`there is no filter ${name}`)
  try {
    return filter(value, args)
  } catch (error) {
    if (error instanceof EvaluationError && !error.message.includes('filter'))
      throw new EvaluationError(`the filter ${name}: ${error.message}`, error.span, error.hint)
    throw error
  }
}

function argument(
  { positional, named }: FilterArguments,
  at: number,
  name: string,
  fallback: unknown,
): unknown {
  return positional[at] ?? named.get(name) ?? fallback
}

function orDefault(value: unknown, args: FilterArguments): unknown {
  const isFalsyToo = argument(args, 1, 'boolean', false) === true
  if (value !== undefined && (!isFalsyToo || isTrue(value))) return value
  return args.positional.length > 0 ? args.positional[0] : (args.named.get('default_value') ?? '')
}

/** Python's truth: empty lists and objects are false. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}

/** A value as text in Python's spelling. @throws EvaluationError for lists and objects */
export function toText(value: unknown): string {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  const what = value === undefined ? 'an undefined value' : Array.isArray(value) ? 'a list' : 'an object'
  const hint = value === undefined ? undefined : 'say how: … | join(",") or … | to_json'
  throw new EvaluationError(`${what} cannot be printed`, undefined, hint)
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value
  throw new EvaluationError('a number is wanted')
}

function toInt(value: string): number {
  return /^\s*[+-]?\d/.test(value) ? Math.trunc(Number(value)) : Number.NaN
}

function parsed(parse: (text: string) => number, value: unknown, fallback: unknown): unknown {
  const number = parse(typeof value === 'boolean' ? String(Number(value)) : String(value))
  return Number.isNaN(number) ? fallback : number
}

function toList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value === 'string') return [...value]
  if (typeof value === 'object' && value !== null) return Object.keys(value)
  throw new EvaluationError('a list is wanted')
}

function toObject(value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new EvaluationError('an object is wanted')
}

function lengthOf(value: unknown): number {
  return toList(value).length
}

function has(list: readonly unknown[], item: unknown): boolean {
  return list.some((other) => isDeepStrictEqual(other, item))
}

function unique(list: readonly unknown[]): unknown {
  return (helperFunctions.get('unique') as (list: readonly unknown[]) => unknown)(list)
}

/** An own member, by a path with dots. */
function member(item: unknown, path: string): unknown {
  let value = item
  for (const key of path.split('.'))
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined
  return value
}

function mapped(list: readonly unknown[], { positional, named }: FilterArguments): unknown[] {
  const path = named.get('attribute')
  if (path !== undefined)
    return list.map((item) => member(item, toText(path)) ?? named.get('default') ?? null)
  const [name, ...rest] = positional
  if (name === 'extract') return list.map((key) => extracted(rest, key))
  return list.map((item) => applyFilter(toText(name), item, { positional: rest, named: new Map() }))
}

/** `hosts | map('extract', hostvars, 'ansible_host')`. */
function extracted([container, ...keys]: readonly unknown[], key: unknown): unknown {
  let value = container
  for (const step of [key, ...keys.flat()])
    value =
      typeof value === 'object' && value !== null
        ? (value as Record<string, unknown>)[String(step)]
        : undefined
  if (value !== undefined) return value
  throw new EvaluationError(`map('extract'): there is no ${[key, ...keys].join('.')}`)
}

function byAttribute(value: unknown, { positional }: FilterArguments, wanted: boolean): unknown[] {
  const [path, ...test] = positional
  return toList(value).filter((item) => tested(member(item, toText(path)), test) === wanted)
}

/** The tests that `select` and its like take by name. */
function tested(value: unknown, [name, other]: readonly unknown[]): boolean {
  switch (name) {
    case undefined:
      return isTrue(value)
    case 'defined':
      return value !== undefined
    case 'undefined':
      return value === undefined
    case 'none':
      return value === null
    case 'eq':
    case 'equalto':
    case '==':
      return isDeepStrictEqual(value, other)
    case 'ne':
    case '!=':
      return !isDeepStrictEqual(value, other)
    case 'in':
      return typeof other === 'string' ? other.includes(toText(value)) : has(toList(other), value)
    case 'contains':
      return has(toList(value), other)
    case 'match':
    case 'search':
      throw new EvaluationError(
        `the test ${name} is not supported`,
        undefined,
        'write it in a playbook, in JavaScript',
      )
    default:
      throw new EvaluationError(`there is no test ${String(name)}`)
  }
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  throw new EvaluationError('only numbers, or only texts, can be compared')
}

function sorted(list: readonly unknown[], args: FilterArguments): unknown[] {
  const path = args.named.get('attribute')
  const key = (item: unknown): unknown => {
    const value = path === undefined ? item : member(item, toText(path))
    return typeof value === 'string' && args.named.get('case_sensitive') !== true
      ? value.toLowerCase()
      : value
  }
  const ordered = [...list].sort((a, b) => compare(key(a), key(b)))
  return argument(args, 0, 'reverse', false) === true ? ordered.reverse() : ordered
}

function splitText(text: string, separator: unknown): string[] {
  return separator === undefined ? text.trim().split(/\s+/).filter(Boolean) : text.split(toText(separator))
}
