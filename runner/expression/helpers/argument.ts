import { EvaluationError } from '../compiled.js'

/** @throws EvaluationError unless the argument of a helper is text */
export function text(helper: string, value: unknown): string {
  if (typeof value === 'string') return value
  const got = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value
  throw new EvaluationError(`${helper}: text is wanted, not ${got}`)
}
