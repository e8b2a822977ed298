import type { Scope } from './compiled.js'
import { isLazy } from './data.js'
import { hostVarsName } from './names.js'

/** A variable that a value was computed from, the host's own or another's, as it was. */
interface Look {
  readonly name: string
  readonly host: string | undefined
  readonly was: unknown
}

/** What is looked at while one value is computed. */
interface Watch {
  /** The scope that it is computed in: what other scopes look at for their own values is theirs to watch. */
  readonly scope: Scope
  readonly looks: Look[]
  /** Whether the looks tell all that it was computed from. */
  isWhole: boolean
}

interface Remembered {
  readonly value: unknown
  readonly looks: readonly Look[]
}

/** Values by what they were computed by, such as a variable. One for each host. */
export type Memory = WeakMap<object, Remembered>

/** What a name is that nothing defines. */
const nothing = Symbol('nothing')

let watch: Watch | undefined

/**
 * The value that `compute` gives, remembered from an earlier scope if everything that it was computed from is the same in this
 * one. A host's scopes are many, one a task and more, and most of what they hold is the same in all of them.
 */
export function remembered(memory: Memory, key: object, scope: Scope, compute: () => unknown): unknown {
  const known = memory.get(key)
  if (known && isStillSo(known, scope)) return known.value
  memory.delete(key)
  const outer = watch
  const own: Watch = { scope, looks: [], isWhole: true }
  watch = own
  try {
    const value = compute()
    // What a lazy view will look at is not told yet.
    if (own.isWhole && !isLazy(value)) memory.set(key, { value, looks: own.looks })
    return value
  } finally {
    watch = outer
  }
}

/** A scope was asked for a name. */
export function looked(scope: Scope, name: string, found: ReturnType<Scope['lookup']>): void {
  if (watch?.scope === scope) watch.looks.push({ name, host: undefined, was: foundIn(found) })
}

/** A variable of another host was asked for, by way of the scope whose value is being computed. */
export function lookedElsewhere(host: string, name: string, was: unknown): void {
  watch?.looks.push({ name, host, was })
}

/** What may be different each time was asked for: the time, a file, which names there are; or there was no telling. */
export function lookedOutside(): void {
  if (watch) watch.isWhole = false
}

/**
 * In the order that they were looked at, so that nothing is looked at now that computing the value would not look at. What
 * cannot be computed any more is not the same.
 */
function isStillSo({ looks }: Remembered, scope: Scope): boolean {
  const outer = watch
  watch = undefined
  try {
    return looks.every((look) => isSame(lookAgain(look, scope), look.was))
  } catch {
    return false
  } finally {
    watch = outer
  }
}

function lookAgain({ name, host }: Look, scope: Scope): unknown {
  if (host === undefined) return foundIn(scope.lookup(name))
  const hosts = scope.lookup(hostVarsName)?.value as Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >
  return hosts[host]?.[name]
}

function foundIn(found: ReturnType<Scope['lookup']>): unknown {
  return found ? found.value : nothing
}

/** The same value, or a list of the same: those of host names are made anew for each scope. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((item, index) => Object.is(item, b[index]))
}
