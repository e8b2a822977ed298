import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'
import { type Diagnostic, formatDiagnostic, InputError } from '../errors.js'
import type { Compiled, Scope } from '../expression/compiled.js'
import { compileTemplate } from '../expression/index.js'
import { type Controller, ModuleFailure } from '../modules/module.js'
import type { Task } from '../plan/plan.js'
import { searchFolders } from '../plan/search.js'
import type { Files } from '../syntax/files.js'
import { formatPosition } from '../syntax/source.js'
import { type IncludedVars, readIncludedVars, type VarsRequest } from '../vars/include.js'
import { createSharedReads } from './shared-reads.js'

/** What modules read on the controller; digests and compiled templates are kept for the run. */
export interface ControllerFactory {
  for(task: Task, playbookDir: string, scope: Scope): Controller
  /** @throws ModuleFailure with the mistakes in the files */
  variables(request: VarsRequest, task: Task, playbookDir: string): IncludedVars
}

export function createControllers(files: Files): ControllerFactory {
  const digests = new Map<string, Promise<{ size: number; sha256: string }>>()
  const templates = new Map<string, Compiled>()
  const included = new Map<string, IncludedVars>()
  const stream = createSharedReads()

  const template = (path: string): Compiled => {
    const found = templates.get(path) ?? compileFile(path, files)
    templates.set(path, found)
    return found
  }

  return {
    variables(request, task, playbookDir) {
      const folders = searchFolders('vars', task, playbookDir)
      const key = JSON.stringify([request, folders])
      const found = included.get(key) ?? readVariables(request, folders, files)
      included.set(key, found)
      return found
    },
    for: (task, playbookDir, scope) => ({
      find: (kind, path) => findFile(kind, path, task, playbookDir, files),
      readFile: (path) => readFile(path),
      stream,
      digest(path) {
        const found = digests.get(path) ?? digestFile(path)
        digests.set(path, found)
        return found
      },
      render: (path) => String(template(path).evaluate(scope)),
    }),
  }
}

function readVariables(request: VarsRequest, folders: readonly string[], files: Files): IncludedVars {
  const found: Diagnostic[] = []
  const vars = readIncludedVars(request, folders, files, (diagnostic) => found.push(diagnostic))
  const errors = found.filter((diagnostic) => diagnostic.severity !== 'warning')
  if (errors.length > 0) throw new ModuleFailure(errors.map(formatDiagnostic).join('\n'))
  return vars
}

function findFile(
  kind: 'files' | 'templates',
  path: string,
  task: Task,
  playbookDir: string,
  files: Files,
): string {
  const exists = (candidate: string): boolean => files.isFile(candidate) || files.isDirectory(candidate)
  const home = process.env.HOME ?? ''
  const expanded = path.startsWith('~/') ? resolve(home, path.slice(2)) : path
  const folders = isAbsolute(expanded) ? ['/'] : searchFolders(kind, task, playbookDir)
  const found = folders.map((dir) => resolve(dir, expanded)).find(exists)
  if (found) return found
  throw new ModuleFailure(
    isAbsolute(expanded)
      ? `no such file on the controller: ${expanded}`
      : `no file '${path}' in ${folders.join(', ')}`,
  )
}

function compileFile(path: string, files: Files): Compiled {
  const diagnostics: Diagnostic[] = []
  const file = files.read(path)
  if (!file) throw new ModuleFailure(`no such template: ${path}`)
  const compiled = compileTemplate(file, (diagnostic) => diagnostics.push(diagnostic), { files })
  if (compiled) return compiled
  const [first] = diagnostics
  if (!first) throw new InputError([{ code: 'template', message: `cannot read the template ${path}` }])
  const at = first.span ? `${formatPosition(first.span)}: ` : ''
  throw new ModuleFailure(`${at}${first.message}`, {}, first.hint)
}

async function digestFile(path: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer)
    size += (chunk as Buffer).length
  }
  return { size, sha256: hash.digest('hex') }
}
