import { basename, dirname, isAbsolute, resolve } from 'node:path'
import type { Compiled } from '../expression/compiled.js'
import { type IncludeVarsArgs, includeVarsModule } from '../modules/control/include-vars.js'
import { readIncludedVars } from '../vars/include.js'
import type { Reader } from './context.js'
import type { Action, Task } from './plan.js'
import { searchFolders } from './search.js'

/**
 * The names of the variables that an `include_vars` sets. What is known now is read now, its mistakes are told; where the file
 * is only known in the run, any file beside it may be meant.
 */
export function includedNames(
  task: Pick<Task, 'role' | 'span'>,
  action: Action,
  playbookDir: string,
  reader: Reader,
): readonly string[] | undefined {
  if (action.module !== includeVarsModule) return undefined
  const part = (name: string): Compiled | undefined => action.parts[action.argumentNames.indexOf(name)]
  const where = part('file') ?? part('dir')
  const folders = searchFolders('vars', task, playbookDir)
  const name = part('name')
  if (!action.args.constant)
    return name ? [String(name.constant?.value)] : guessedNames(where, folders, reader)
  const parsed = includeVarsModule.args.safeParse(action.args.constant.value)
  if (!parsed.success) return []
  const args = parsed.data as IncludeVarsArgs
  const isMade = [args.file, args.dir].some((path) => path && isAbsolute(path) && !exists(path, reader))
  const report: Reader['report'] = (diagnostic) => reader.report({ span: where?.span, ...diagnostic })
  const vars = isMade ? undefined : readIncludedVars(args, folders, reader.files, report).vars
  return args.name === undefined ? [...(vars?.keys() ?? [])] : [args.name]
}

/** An absolute path may be made by an earlier task. */
function exists(path: string, { files }: Reader): boolean {
  return files.isFile(path) || files.isDirectory(path)
}

/** Which names a file may set that is only known in the run: those of every file in the folder that its path begins with. */
function guessedNames(where: Compiled | undefined, folders: readonly string[], reader: Reader): string[] {
  const written = typeof where?.written === 'string' ? where.written : ''
  const start = written.slice(0, Math.max(0, written.indexOf('<%')))
  const dir = start.includes('/') ? dirname(`${start}x`) : '.'
  const found = folders
    .map((folder) => ({ path: resolve(folder, dir), isOwn: basename(folder) === 'vars' }))
    .filter(({ path }) => reader.files.isDirectory(path))
  return found.flatMap(({ path, isOwn }) => [
    ...readIncludedVars(anyFile(path, isOwn ? 0 : 1), folders, reader.files, () => undefined).vars.keys(),
  ])
}

/** A folder that is made for variables is looked through; one that holds much else is not. */
const anyFile = (dir: string, depth: number) => ({
  dir,
  depth,
  ignore_files: [],
  extensions: ['json', 'yaml', 'yml'],
  ignore_unknown_extensions: true,
})
