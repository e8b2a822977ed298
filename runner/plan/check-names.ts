import { didYouMean, type Report } from '../errors.js'
import type { Compiled } from '../expression/compiled.js'
import type { Layer } from '../vars/layers.js'

/**
 * Names that are known in a play or in the layers of a task. Nothing is copied for each task, and a name that is
 * misspelt in many places is guessed once: what a check costs grows with the tasks, not with their square.
 */
export function within(known: Known, layers: readonly Layer[]): Known {
  const own = (): string[] => layers.flatMap((layer) => [...layer.vars.keys()])
  return {
    used: known.used,
    has: (name) => known.has(name) || layers.some((layer) => layer.vars.has(name)),
    guess: (name) => didYouMean(name, own()) ?? known.guess(name),
  }
}

/** Names that are known in all of a play; `used` gathers those that are asked for. */
export function namesOfPlay(names: ReadonlySet<string>, used: Set<string>): Known {
  const guesses = new Map<string, string | undefined>()
  return {
    used,
    has: (name) => names.has(name),
    guess(name) {
      if (!guesses.has(name)) guesses.set(name, didYouMean(name, names))
      return guesses.get(name)
    },
  }
}

export interface Known {
  readonly used: Set<string>
  has(name: string): boolean
  /** The name that was probably meant. */
  guess(name: string): string | undefined
}

/** Reports each name that nothing defines, at its place. */
export function checkNames(compiled: readonly (Compiled | undefined)[], known: Known, report: Report): void {
  for (const value of compiled) {
    if (!value || value.names.size === 0) continue
    for (const name of value.names) {
      known.used.add(name)
      if (known.has(name)) continue
      const guess = known.guess(name)
      report({
        code: 'undefined-variable',
        message: `nothing defines the variable '${name}'`,
        span: value.place?.(name) ?? value.span,
        hint: guess ? `did you mean '${guess}'?` : `if it may be absent: vars.${name} ?? default`,
      })
    }
  }
}

/** The same for the variables of layers, whose values name others. */
export function checkLayers(layers: readonly Layer[], known: Known, report: Report): void {
  for (const layer of layers)
    checkNames(
      [...layer.vars.values()].map((variable) => variable.value),
      known,
      report,
    )
}

export function addNames(layer: Layer, names: Set<string>): void {
  for (const name of layer.vars.keys()) names.add(name)
}
