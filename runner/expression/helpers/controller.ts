import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join, posix } from 'node:path'
import { EvaluationError } from '../compiled.js'
import { lookedOutside } from '../remembered.js'
import { text } from './argument.js'

export function basename(path: unknown): string {
  return posix.basename(text('basename', path))
}

export function dirname(path: unknown): string {
  return posix.dirname(text('dirname', path))
}

export function env(name: unknown, fallback?: unknown): unknown {
  lookedOutside()
  const value = process.env[text('env', name)] ?? fallback
  if (value !== undefined) return value
  throw new EvaluationError(
    `the environment variable ${name} is not set`,
    undefined,
    `write env('${name}', default)`,
  )
}

/**
 * The text of a file of the controller, whole. The path is absolute, or begins with `~/`: what a relative one would start
 * from depends on who reads the line.
 * @throws EvaluationError when it cannot be read, or is no UTF-8
 */
export function readFile(path: unknown): string {
  lookedOutside()
  const named = text('readFile', path)
  const absolute = named.startsWith('~/') ? join(homedir(), named.slice(2)) : named
  if (!isAbsolute(absolute))
    throw new EvaluationError(
      `readFile: ${named} is a relative path`,
      undefined,
      `write playbook_dir + '/${named}' or role_path + '/files/${named}'`,
    )
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(absolute))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'it may not be read' : undefined
    throw new EvaluationError(`readFile: ${absolute}: ${why ?? 'it is no UTF-8 text'}`)
  }
}
