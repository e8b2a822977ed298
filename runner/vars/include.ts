import { isAbsolute, join, resolve } from 'node:path'
import { didYouMean, type Report } from '../errors.js'
import type { Files } from '../syntax/files.js'
import { asMapping } from '../syntax/read.js'
import { parseYaml } from '../syntax/yaml.js'
import type { Variable } from './layers.js'
import { variablesFromNode } from './variables.js'

/** Which files of variables are asked for, one or those of a folder: as the arguments of `include_vars` have it. */
export interface VarsRequest {
  readonly file?: string | undefined
  readonly dir?: string | undefined
  /** How many folders deep; 0: all. */
  readonly depth: number
  /** Only files whose name this regular expression finds something in. */
  readonly files_matching?: string | undefined
  /** Regular expressions of endings of names. */
  readonly ignore_files: readonly string[]
  /** Without the dot. */
  readonly extensions: readonly string[]
  /** Files with another extension are passed over, where they are an error else. */
  readonly ignore_unknown_extensions: boolean
}

export interface IncludedVars {
  readonly paths: readonly string[]
  readonly vars: ReadonlyMap<string, Variable>
}

/** Reads what is asked for, searched in `folders` one after another; of one name, the later file wins. */
export function readIncludedVars(
  request: VarsRequest,
  folders: readonly string[],
  files: Files,
  report: Report,
): IncludedVars {
  const paths =
    request.dir === undefined
      ? oneFile(request.file ?? '', folders, files, report)
      : filesOf(request.dir, request, folders, files, report)
  const vars = new Map<string, Variable>()
  for (const path of paths)
    for (const [name, variable] of readVars(path, files, report)) vars.set(name, variable)
  return { paths, vars }
}

function oneFile(name: string, folders: readonly string[], files: Files, report: Report): string[] {
  const found = candidates(name, folders).find((path) => files.isFile(path))
  if (found) return [found]
  const beside = folders.flatMap((dir) => (files.list(dir) ?? []).map((entry) => entry.name))
  const guess = didYouMean(name, beside)
  report({
    code: 'missing-file',
    message: isAbsolute(name)
      ? `no such file of variables: ${name}`
      : `no file of variables '${name}' in ${folders.join(', ')}`,
    hint: guess && `did you mean '${guess}'?`,
  })
  return []
}

function candidates(name: string, folders: readonly string[]): string[] {
  return isAbsolute(name) ? [name] : folders.map((dir) => resolve(dir, name))
}

/** The files of a folder and of those in it, by name, as deep as is asked for. */
function filesOf(
  dir: string,
  request: VarsRequest,
  folders: readonly string[],
  files: Files,
  report: Report,
): string[] {
  const root = candidates(dir, folders).find((path) => files.isDirectory(path))
  if (!root) {
    report({ code: 'missing-file', message: `no folder of variables '${dir}' in ${folders.join(', ')}` })
    return []
  }
  const matching = request.files_matching === undefined ? undefined : new RegExp(request.files_matching)
  const ignored = request.ignore_files.map((pattern) => new RegExp(`${pattern}$`))
  const within = (folder: string, level: number): string[] => {
    const entries = (files.list(folder) ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    const own = entries.filter(({ isDirectory }) => !isDirectory).map(({ name }) => name)
    const deeper = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => join(folder, name))
    const wanted = own
      .filter((name) => matching?.test(name) ?? true)
      .filter((name) => !ignored.some((pattern) => pattern.test(name)))
      .filter((name) => hasExtension(join(folder, name), request, report))
    const below = level === request.depth ? [] : deeper.flatMap((path) => within(path, level + 1))
    return [...wanted.map((name) => join(folder, name)), ...below]
  }
  return within(root, 1)
}

function hasExtension(path: string, request: VarsRequest, report: Report): boolean {
  if (request.extensions.some((extension) => path.endsWith(`.${extension}`))) return true
  if (!request.ignore_unknown_extensions)
    report({
      code: 'structure',
      message: `${path} ends with none of ${request.extensions.join(', ')}`,
      hint: 'ignore_unknown_extensions: true passes over such files',
    })
  return false
}

function readVars(path: string, files: Files, report: Report): ReadonlyMap<string, Variable> {
  const file = files.read(path)
  const root = file && parseYaml(file, report)
  const mapping = root && asMapping(root, path, report)
  return mapping
    ? variablesFromNode(mapping, 'include-vars', report, { jinja: 'inventory', note: path })
    : new Map()
}
