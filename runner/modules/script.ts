import type { Secret } from '../secrets/secret.js'
import type { Script } from '../transport/transport.js'

/** What a script's variable may hold. */
export type ScriptValue = string | Buffer | Secret

/** What one use of a script may add to it. */
export interface ScriptUse {
  readonly stdin?: string | Buffer | undefined
  /** In milliseconds. */
  readonly timeoutMs?: number | undefined
}

/** Gives a script its values. Every variable must be named, so none comes from the host's environment. */
export type ScriptBuilder<V extends string> = (
  values: Readonly<Record<V, ScriptValue>>,
  use?: ScriptUse,
) => Script

interface Declared {
  readonly name: string
  readonly vars: readonly string[]
  readonly body: string
}

const declared = new Map<string, Declared>()

/**
 * Declares a constant sh program and the variables it reads. What is declared is linted (`npm run shellcheck`).
 * @param kind `probe` scripts only read, and may be sent again after a lost connection
 */
export function shellScript<const V extends string>(
  name: string,
  kind: 'probe' | 'apply',
  vars: readonly V[],
  body: string,
): ScriptBuilder<V> {
  if (declared.has(name)) throw new Error(`two scripts are named ${name}`)
  declared.set(name, { name, vars, body })
  return (values, use = {}) => ({
    body,
    vars: values,
    ...(kind === 'probe' ? { repeatable: true } : {}),
    ...(use.stdin === undefined ? {} : { stdin: use.stdin }),
    ...(use.timeoutMs === undefined ? {} : { timeoutMs: use.timeoutMs }),
  })
}

/** Every script declared by the modules that were imported, with a sample value for each variable. */
export function declaredScripts(): readonly { readonly name: string; readonly script: Script }[] {
  return [...declared.values()].map(({ name, vars, body }) => ({
    name,
    script: { body, vars: Object.fromEntries(vars.map((v) => [v, 'sample value'])) },
  }))
}
