import { EvaluationError, type Scope } from '../expression/compiled.js'
import { hostVarsName } from '../expression/names.js'
import { looked, lookedOutside, type Memory, remembered } from '../expression/remembered.js'
import { type Layer, rankOf, type Variable } from './layers.js'
import { typedValue, type ValueType } from './typed.js'

/** Which definition of a variable wins, and which ones it hides, the strongest first. */
interface Explanation {
  readonly winner: Variable
  readonly hidden: readonly Variable[]
}

/** The variables of one host at one place in a play. */
export interface HostScope extends Scope {
  /** Where a variable comes from; `undefined` for magic variables and for names that nothing defines. */
  explain(name: string): Explanation | undefined
  /**
   * This scope with more layers, each in its place of the order: extra vars still win over a task's. Cheap: a loop
   * makes one for each item.
   */
  extend(layers: readonly Layer[]): HostScope
}

/** The magic variables that there are, and how each is computed. */
export type Magic = Pick<ReadonlyMap<string, () => unknown>, 'get' | 'has'> & { keys(): Iterable<string> }

/** What a scope knows of the one that it extends. */
interface Parent {
  readonly scope: HostScope
  find(name: string): Found | undefined
  findAll(name: string): Found[]
  typeOf(name: string): ValueType | undefined
}

/** Magic variables, computed once for a scope and those that extend it. */
interface MagicValues {
  names(): Iterable<string>
  has(name: string): boolean
  get(name: string): { readonly value: unknown } | undefined
}

interface Found {
  readonly variable: Variable
  readonly rank: number
}

/**
 * The variables of `layers` by Ansible's precedence, and the magic ones above all. A variable is evaluated when it is
 * first looked up, and sees all others as they are in this scope; text becomes what an argument spec in sight says that
 * the variable is. The layers are taken as they are: after `set_fact`, make a new scope.
 * @param memory values that earlier scopes of the same host have computed
 */
export function createScope(layers: readonly Layer[], magic: Magic, memory?: Memory): HostScope {
  return build(stackOf(layers), memoised(magic), memory, undefined)
}

function build(
  { own, winnerOf, typeIn }: Stack,
  magic: MagicValues,
  memory: Memory | undefined,
  parent: Parent | undefined,
): HostScope {
  const values = new Map<string, { value: unknown }>()
  const active: string[] = []

  const findAll = (name: string): Found[] => {
    const found = own.flatMap((layer) => foundIn(layer, name)).reverse()
    return [...found, ...(parent?.findAll(name) ?? [])].sort((a, b) => b.rank - a.rank)
  }
  const find = (name: string): Found | undefined => {
    const above = parent?.find(name)
    const mine = winnerOf(name)
    return mine && (!above || mine.rank >= above.rank) ? mine : above
  }
  const typeOf = (name: string): ValueType | undefined => typeIn(name) ?? parent?.typeOf(name)
  const foundFor = (name: string): { readonly value: unknown } | undefined => {
    const special = values.get(name) ?? magic.get(name)
    if (special) return special
    const found = find(name)
    if (!found) return undefined
    const { value } = found.variable
    const plain = value.constant ?? {
      value: guarded(name, found.variable, active, () =>
        memory
          ? remembered(memory, found.variable, scope, () => value.evaluate(scope))
          : value.evaluate(scope),
      ),
    }
    const type = typeof plain.value === 'string' ? typeOf(name) : undefined
    const result = type ? { value: typedValue(plain.value, type) } : plain
    values.set(name, result)
    return result
  }
  const lookup = (name: string): { readonly value: unknown } | undefined => {
    try {
      const found = foundFor(name)
      if (name !== hostVarsName) looked(scope, name, found)
      return found
    } catch (error) {
      // An expression may get over it.
      lookedOutside()
      throw error
    }
  }
  let known: ReadonlySet<string> | undefined
  const names = () => {
    lookedOutside()
    known ??= new Set([
      ...(parent?.scope.names() ?? magic.names()),
      ...own.flatMap((layer) => [...layer.vars.keys()]),
    ])
    return known
  }
  const explain = (name: string): Explanation | undefined => {
    const winner = magic.has(name) ? undefined : find(name)?.variable
    if (!winner) return undefined
    return {
      winner,
      get hidden() {
        // One definition may be in sight by two ways: a role's, in its play and in its own tasks.
        return [...new Set(findAll(name).map((found) => found.variable))].slice(1)
      },
    }
  }
  const scope: HostScope = {
    lookup,
    names,
    explain,
    extend: (more) => build(newStack(more), magic, memory, { scope, find, findAll, typeOf }),
  }
  return scope
}

/** Layers in their order, whatever scopes are made of them. */
interface Stack {
  readonly own: readonly Layer[]
  /** The definition that wins among them. */
  winnerOf(name: string): Found | undefined
  typeIn(name: string): ValueType | undefined
}

const stacks = new WeakMap<readonly Layer[], Stack>()

/** Those of the same list are put in order and looked through once: nothing changes a list of layers, or what is in them. */
function stackOf(layers: readonly Layer[]): Stack {
  const stack = stacks.get(layers) ?? newStack(layers)
  stacks.set(layers, stack)
  return stack
}

function newStack(layers: readonly Layer[]): Stack {
  const own = [...layers].sort((a, b) => rankOf(a.name) - rankOf(b.name))
  const typing = own.filter((layer) => layer.types)
  const winners = new Map<string, Found | undefined>()
  return {
    own,
    winnerOf(name) {
      if (winners.has(name)) return winners.get(name)
      const layer = own.findLast((each) => each.vars.has(name))
      const winner = layer && foundIn(layer, name)[0]
      winners.set(name, winner)
      return winner
    },
    typeIn: (name) => typing.findLast((layer) => layer.types?.has(name))?.types?.get(name),
  }
}

function foundIn(layer: Layer, name: string): Found[] {
  const variable = layer.vars.get(name)
  return variable ? [{ variable, rank: rankOf(layer.name) }] : []
}

/** Evaluate a variable; if it needs itself, tell by which way. */
function guarded(name: string, variable: Variable, active: string[], evaluate: () => unknown): unknown {
  const start = active.indexOf(name)
  if (start >= 0) {
    const chain = [...active.slice(start), name].join(' → ')
    throw new EvaluationError(`variables need each other: ${chain}`, variable.value.span)
  }
  active.push(name)
  try {
    return evaluate()
  } finally {
    active.pop()
  }
}

function memoised(magic: Magic): MagicValues {
  const values = new Map<string, { value: unknown }>()
  const get = (name: string) => {
    const known = values.get(name)
    if (known) return known
    const compute = magic.get(name)
    if (!compute) return undefined
    const found = { value: compute() }
    values.set(name, found)
    return found
  }
  return { names: () => magic.keys(), has: (name) => magic.has(name), get }
}
