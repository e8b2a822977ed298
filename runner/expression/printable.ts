import { Secret } from '../secrets/secret.js'
import { EvaluationError } from './compiled.js'

/**
 * What `<%= %>` prints. No escaping: a configuration file is not HTML.
 * @throws EvaluationError for what has no one text: nothing, lists, objects
 */
export function printable(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  if (value instanceof Secret) return value.reveal()
  if (value === undefined || value === null)
    throw new EvaluationError(`${value} cannot be printed`, undefined, "give a default: <%= x ?? '' %>")
  if (Array.isArray(value))
    throw new EvaluationError(
      'a list cannot be printed',
      undefined,
      "join it, list.join(','), or use toJson(list)",
    )
  if (typeof value === 'function')
    throw new EvaluationError('a function cannot be printed', undefined, 'call it: add ()')
  throw new EvaluationError('an object cannot be printed', undefined, 'use toJson(x) or toYaml(x)')
}
