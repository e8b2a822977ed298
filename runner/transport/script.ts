import type { Secret } from '../secrets/secret.js'
import { quoteLatin1 } from './quote.js'
import type { Script } from './transport.js'

const nameRule = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The assignments that precede a script's body: its environment, exported, then its variables; a character a byte. */
export function assignments(script: Script): string {
  let text = ''
  for (const [name, value] of Object.entries(script.environment ?? {}))
    text += `export ${assignment(name, value)}`
  for (const [name, value] of Object.entries(script.vars ?? {})) text += assignment(name, value)
  return text
}

/** The whole program as one text, for a shell of its own (`sh -s`), for linting and for tests. */
export function renderScript(script: Script): Buffer {
  return Buffer.concat([Buffer.from(assignments(script), 'latin1'), Buffer.from(`${script.body}\n`)])
}

function assignment(name: string, value: string | Buffer | Secret): string {
  if (!nameRule.test(name)) throw new Error(`not a shell variable's name: ${name}`)
  return `${name}=${quoteLatin1(value)}\n`
}
