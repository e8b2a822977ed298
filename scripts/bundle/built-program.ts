import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { Script } from 'node:vm'
import type * as entry from './entry.js'

/**
 * Loads program.cjs with the code that V8 made of it at build time, kept beside it. V8 takes that code only if it was made
 * by the same version of itself; else it compiles, as it would without.
 */
export function readProgram(path: string): { readonly script: Script; readonly program: typeof entry } {
  const cachedData = readIfThere(`${path}.code`)
  // All of it is ASCII (bundle.ts): as such it is read three times as fast.
  const text = readFileSync(path, 'latin1')
  const source = `(function (exports, require, module, __filename, __dirname) {${text}\n})`
  const script = new Script(source, { filename: path, ...(cachedData && { cachedData }) })
  const module = { exports: {} as typeof entry }
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path))
  return { script, program: module.exports }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
