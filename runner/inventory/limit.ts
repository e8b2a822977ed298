import { exitCodes, InputError } from '../errors.js'

/**
 * `--limit` with its `@file` terms replaced by what the files hold, one pattern a line (a list of hosts to retry).
 * An empty file is an error: what was to be limited must not run everywhere.
 * @param read the text of a file; `undefined` where it cannot be read
 * @throws InputError for a file that cannot be read or is empty
 */
export function expandLimit(limit: string, read: (path: string) => string | undefined): string {
  if (!limit.includes('@')) return limit
  return limit
    .split(',')
    .map((term) => term.trim())
    .map((term) => (term.startsWith('@') ? patternsOf(term.slice(1), read) : term))
    .join(',')
}

function patternsOf(path: string, read: (path: string) => string | undefined): string {
  const text = read(path)
  if (text === undefined)
    throw new InputError([{ code: 'missing-file', message: `--limit: the file ${path} cannot be read` }])
  const patterns = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  if (patterns.length > 0) return patterns.join(',')
  const hint = 'nothing is left to be done there'
  throw new InputError(
    [{ code: 'pattern', message: `--limit: the file ${path} names no host`, hint }],
    exitCodes.noHosts,
  )
}
