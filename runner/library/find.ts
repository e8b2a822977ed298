import { dirname, resolve } from 'node:path'
import type { Files } from '../syntax/files.js'

/** A module's name, and its file. */
export interface LibraryFile {
  readonly name: string
  readonly path: string
}

/**
 * The files in `library/` beside the playbooks, in the folders around them that commands are given from, and in their
 * roles. Names that begin with a dot or `_` are for what modules share.
 */
export function findLibrary(playbooks: readonly string[], cwd: string, files: Files): LibraryFile[] {
  const named = playbooks.flatMap((name) => [resolve(cwd, name), resolve(cwd, 'playbooks', name)])
  const homes = [...named.filter((path) => files.isFile(path)).map((path) => dirname(path)), resolve(cwd)]
  const folders = homes.flatMap((home) => [resolve(home, 'library'), ...roleFolders(home, files)])
  return [...new Set(folders)].flatMap((folder) => modulesIn(folder, files))
}

function roleFolders(home: string, files: Files): string[] {
  const roles = resolve(home, 'roles')
  return (files.list(roles) ?? [])
    .filter((entry) => entry.isDirectory)
    .map(({ name }) => resolve(roles, name, 'library'))
}

function modulesIn(folder: string, files: Files): LibraryFile[] {
  return (files.list(folder) ?? []).flatMap((entry) => {
    const name = /^([^._][^.]*)\.(?:ts|js|mjs)$/.exec(entry.name)?.[1]
    return name === undefined || entry.isDirectory ? [] : [{ name, path: resolve(folder, entry.name) }]
  })
}
