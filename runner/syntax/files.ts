import { accessSync, constants, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { InputError } from '../errors.js'
import type { SourceFile } from './source.js'

/** The largest file that is read as text: 50 MB. Nothing that a person writes comes near. */
const maxBytes = 50 * 1024 * 1024

export interface DirectoryEntry {
  readonly name: string
  readonly isDirectory: boolean
}

/** The controller's files as the loaders see them, so that plans can be made without a disk. */
export interface Files {
  /**
   * The text of a file without its byte order mark; `undefined` where there is none.
   * @throws InputError if it is there and cannot be read: no permission, not UTF-8, over 50 MB
   */
  read(path: string): SourceFile | undefined
  /** What a folder holds, by name; `undefined` where there is no such folder. */
  list(path: string): DirectoryEntry[] | undefined
  isFile(path: string): boolean
  isDirectory(path: string): boolean
  /** The path with all symbolic links followed, where links exist. */
  realPath?(path: string): string | undefined
  /** May this user execute the file? Absent where files are no programs. */
  isExecutable?(path: string): boolean
}

/** The real disk. A text is read once: a run sees each file as it was when it was first needed. */
export function diskFiles(): Files {
  const texts = new Map<string, SourceFile | undefined>()
  const read = (path: string): SourceFile | undefined => {
    if (!texts.has(path)) texts.set(path, readText(path))
    return texts.get(path)
  }
  return {
    read,
    list: listDirectory,
    isFile: (path) => stat(path)?.isFile() ?? false,
    isDirectory: (path) => stat(path)?.isDirectory() ?? false,
    realPath: (path) => orAbsent(path, () => realpathSync(path)),
    isExecutable,
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return stat(path)?.isFile() ?? false
  } catch {
    return false
  }
}

function readText(path: string): SourceFile | undefined {
  const info = stat(path)
  if (!info) return undefined
  if (info.isDirectory()) throw unusable(path, 'it is a folder')
  if (info.size > maxBytes) throw unusable(path, 'it is larger than 50 MB')
  const bytes = orAbsent(path, () => readFileSync(path))
  if (!bytes) return undefined
  try {
    return { path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    throw unusable(path, 'it is not UTF-8 text')
  }
}

function listDirectory(path: string): DirectoryEntry[] | undefined {
  if (!stat(path)?.isDirectory()) return undefined
  const entries = orAbsent(path, () => readdirSync(path)) ?? []
  return entries
    .sort()
    .map((name) => ({ name, isDirectory: stat(`${path}/${name}`)?.isDirectory() ?? false }))
}

function stat(path: string) {
  return orAbsent(path, () => statSync(path))
}

const absent = new Set(['ENOENT', 'ENOTDIR'])

function orAbsent<T>(path: string, action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (absent.has(code)) return undefined
    throw unusable(path, code === 'EACCES' ? 'permission denied' : (error as Error).message)
  }
}

function unusable(path: string, why: string): InputError {
  return new InputError([{ code: 'missing-file', message: `${path} cannot be read: ${why}` }])
}
