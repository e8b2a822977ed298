import { EvaluationError, type Scope } from '../expression/index.js'
import { Secret } from '../secrets/secret.js'

/** The first of several names of a variable that is set to something (Ansible has aliases for most). */
function read(scope: Scope, names: readonly string[]): { name: string; value: unknown } | undefined {
  for (const name of names) {
    const value = scope.lookup(name)?.value
    if (value !== undefined && value !== null && value !== '') return { name, value }
  }
  return undefined
}

/** @throws EvaluationError if it is set, and is no text (a number is taken as text) */
export function readText(scope: Scope, ...names: string[]): string | undefined {
  const found = read(scope, names)
  if (!found) return undefined
  if (typeof found.value === 'string') return found.value
  if (typeof found.value === 'number') return String(found.value)
  throw new EvaluationError(`${found.name} must be text`)
}

/** @throws EvaluationError if it is set, and is no text */
export function readSecret(scope: Scope, ...names: string[]): Secret | undefined {
  const found = read(scope, names)
  if (!found) return undefined
  if (found.value instanceof Secret) return found.value
  if (typeof found.value === 'string') return new Secret(found.value)
  throw new EvaluationError(`${found.name} must be text`, undefined, 'quote it')
}

const words: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'true', 'on', '1'].map((word) => [word, true] as const),
  ...['no', 'false', 'off', '0'].map((word) => [word, false] as const),
])

/** Text counts too, because `-e name=value` gives nothing else. @throws EvaluationError for anything else */
export function readBoolean(scope: Scope, ...names: string[]): boolean | undefined {
  const found = read(scope, names)
  if (!found) return undefined
  if (typeof found.value === 'boolean') return found.value
  const value = words.get(String(found.value).toLowerCase())
  if (value !== undefined) return value
  throw new EvaluationError(`${found.name} must be true or false`)
}

/** A port out of a number or text. @throws EvaluationError */
export function toPort(value: unknown, what: string): number {
  const port = typeof value === 'string' && /^[0-9]+$/.test(value) ? Number(value) : value
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new EvaluationError(`${what}: ${JSON.stringify(value)} is no port (1 to 65535)`)
}
