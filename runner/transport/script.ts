import type { Secret } from '../secrets/secret.js'
import { quote } from './quote.js'
import type { Script } from './transport.js'

const nameRule = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The assignments that precede a script's body: its environment, exported, then its variables. */
export function renderAssignments(script: Script): Buffer {
  const parts: Buffer[] = []
  for (const [name, value] of Object.entries(script.environment ?? {}))
    parts.push(assignment('export ', name, value))
  for (const [name, value] of Object.entries(script.vars ?? {})) parts.push(assignment('', name, value))
  return Buffer.concat(parts)
}

/** The whole program as one text, for a shell of its own (`sh -s`), for linting and for tests. */
export function renderScript(script: Script): Buffer {
  return Buffer.concat([renderAssignments(script), Buffer.from(`${script.body}\n`)])
}

function assignment(prefix: string, name: string, value: string | Buffer | Secret): Buffer {
  if (!nameRule.test(name)) throw new Error(`not a shell variable's name: ${name}`)
  return Buffer.concat([Buffer.from(`${prefix}${name}=`), quote(value), Buffer.from('\n')])
}
