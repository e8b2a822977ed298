import { EvaluationError } from './compiled.js'
import { isLazy, reveal, seal } from './data.js'
import { ansibleFacts } from './jinja-facts.js'
import { Environment, type RuntimeValue } from './jinja-package.js'

type Make = new (value: unknown) => RuntimeValue

const sample = new Environment()
/** The package does not export these classes; it makes one of each when it is given a value. */
const ObjectValue = sample.set('object', {}).constructor as Make
const StringValue = sample.set('text', '').constructor as Make
const ArrayValue = sample.set('list', []).constructor as Make

/** Marks such as `omit`, which travel as they are. */
const marks = new WeakMap<object, symbol>()

/** Plain data as the interpreter's; lazy views stay lazy. Only own members are seen. */
export function toRuntime(value: unknown): RuntimeValue {
  if (typeof value === 'symbol') {
    const mark = new StringValue('')
    marks.set(mark, value)
    return mark
  }
  if (isLazy(value)) return new ObjectValue(new View(value as object))
  return wrap(reveal(seal(value)))
}

function wrap(value: unknown): RuntimeValue {
  if (Array.isArray(value)) return new ArrayValue(value.map(wrap))
  if (typeof value === 'object' && value !== null)
    return new ObjectValue(new Map(Object.entries(value).map(([key, inner]) => [key, wrap(inner)])))
  return typeof value === 'symbol' ? toRuntime(value) : new Environment().set('value', value)
}

/** The interpreter's value as plain data. @throws EvaluationError for functions */
export function toPlainValue(value: RuntimeValue): unknown {
  const mark = marks.get(value)
  if (mark !== undefined) return mark
  // The package's null holds undefined.
  if (value.type === 'NullValue') return null
  const inner: unknown = value.value
  if (inner instanceof View) return inner.source
  if (Array.isArray(inner)) return inner.map((item) => toPlainValue(item as RuntimeValue))
  if (inner instanceof Map)
    return Object.fromEntries([...inner].map(([key, item]) => [key, toPlainValue(item as RuntimeValue)]))
  if (typeof inner === 'function') throw new EvaluationError('the result is a function: call it with ()')
  return inner
}

/** A lazy object, such as `hostvars`, as the map that the interpreter asks: members are read when they are needed. */
class View extends Map<string, RuntimeValue> {
  constructor(readonly source: object) {
    super()
  }

  override get size(): number {
    return Object.keys(this.source).length
  }

  override has(key: string): boolean {
    return Object.hasOwn(this.source, key)
  }

  override get(key: string): RuntimeValue | undefined {
    const source = this.source as Record<string, unknown>
    if (Reflect.has(source, key)) return toRuntime(source[key])
    const hasFacts = key === 'ansible_facts' && Reflect.has(source, 'facts')
    return hasFacts ? toRuntime(ansibleFacts(source.facts)) : undefined
  }

  override *keys(): MapIterator<string> {
    yield* Object.keys(this.source)
  }

  override *values(): MapIterator<RuntimeValue> {
    for (const key of this.keys()) yield this.get(key)!
  }

  override *entries(): MapIterator<[string, RuntimeValue]> {
    for (const key of this.keys()) yield [key, this.get(key)!]
  }

  override [Symbol.iterator](): MapIterator<[string, RuntimeValue]> {
    return this.entries()
  }
}
