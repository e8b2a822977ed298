import type { Compiled, Scope } from '../expression/compiled.js'
import { EvaluationError } from '../expression/compiled.js'

/**
 * Cuts a play's hosts into batches (`serial`): a number, a percentage of all hosts (rounded down, at least one), or a
 * list of them whose last one repeats; zero or nothing means all at once.
 */
export function cutBatches<T>(hosts: readonly T[], sizes: readonly number[]): T[][] {
  const batches: T[][] = []
  for (let from = 0, turn = 0; from < hosts.length; turn++) {
    const size = sizes[Math.min(turn, sizes.length - 1)] ?? 0
    const take = size > 0 ? size : hosts.length
    batches.push(hosts.slice(from, from + take))
    from += take
  }
  return batches
}

/** The sizes that `serial` asks for. @throws EvaluationError when it is neither a number nor a percentage */
export function batchSizes(serial: readonly Compiled[], total: number, scope: Scope): number[] {
  return serial.flatMap((compiled) => {
    const value = compiled.evaluate(scope)
    return (Array.isArray(value) ? value : [value]).map((size) => batchSize(size, total, compiled))
  })
}

function batchSize(size: unknown, total: number, at: Compiled): number {
  const text = String(size).trim()
  if (/^\d+(\.\d+)?%$/.test(text)) return Math.max(1, Math.floor((Number.parseFloat(text) / 100) * total))
  if (/^-?\d+$/.test(text)) return Number(text)
  throw new EvaluationError(`'serial' must be a number or a percentage, not '${text}'`, at.span)
}
