import { readdirSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { parseConfig } from './config-lines.js'
import { matchesPattern } from './pattern.js'
import { type ConfigLine, ConnectError } from './transport.js'

/** Reads each ssh_config file once a run. */
export interface ConfigFiles {
  /** No such file: no lines. @throws ConnectError 'config' for one that cannot be read */
  lines(file: string): readonly ConfigLine[]
  /** The files that an `Include` means; `folder` is where a relative path starts. Sorted; none is not an error. */
  included(path: string, folder: string): readonly string[]
}

export function configFiles(): ConfigFiles {
  const known = new Map<string, ConfigLine[]>()
  const globs = new Map<string, string[]>()
  return {
    lines(file) {
      const lines = known.get(file) ?? parseConfig(read(file), file)
      known.set(file, lines)
      return lines
    },
    included(path, folder) {
      const full = isAbsolute(path) ? path : join(folder, path)
      const found = globs.get(full) ?? expandGlob(full)
      globs.set(full, found)
      return found
    },
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return ''
    throw new ConnectError('config', `${file} cannot be read (${code})`, 'make it readable, or use ssh -F')
  }
}

/** glob(3) without braces and classes: `*` and `?` in any part of the path; a leading dot must be spelled. */
function expandGlob(path: string): string[] {
  if (!/[*?]/.test(path)) return [path]
  const folders = expandGlob(dirname(path))
  const last = path.slice(dirname(path).length).replace(/^\/+/, '')
  return folders.flatMap((folder) => {
    if (!/[*?]/.test(last)) return [join(folder, last)]
    return names(folder)
      .filter((name) => matchesPattern(last, name) && (!name.startsWith('.') || last.startsWith('.')))
      .sort()
      .map((name) => join(folder, name))
  })
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
