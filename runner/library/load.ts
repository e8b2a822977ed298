import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { compileFunction } from 'node:vm'
import type { BuildFailure, Message } from 'esbuild'
import { type Diagnostic, InputError } from '../errors.js'
import { controlModules } from '../modules/control/index.js'
import type { AnyModule } from '../modules/module.js'
import { findModule, useModules } from '../modules/registry.js'
import type { Files } from '../syntax/files.js'
import type { SourceFile, Span } from '../syntax/source.js'
import * as api from './api.js'
import { findLibrary, type LibraryFile } from './find.js'
import { problemsOf } from './verify.js'

/**
 * Reads the modules in the `library/` folders and makes them known, before anything is planned. Without such a folder it
 * costs a look at the disk.
 * @throws InputError with every mistake in them
 */
export async function loadLibrary(playbooks: readonly string[], cwd: string, files: Files): Promise<void> {
  useModules([])
  const found = findLibrary(playbooks, cwd, files)
  if (found.length === 0) return
  const problems = clashes(found)
  const codes = await compile(found, files)
  const modules = found.flatMap((file) => {
    const source = files.read(file.path)!
    const report = (message: string, hint?: string) =>
      problems.push({ code: 'library', message, span: startOf(source), ...(hint && { hint }) })
    try {
      const exported = evaluate(codes.get(file.path)!, file.path)
      const module = moduleIn(exported, file, report)
      return module ? [module] : []
    } catch (error) {
      report(`the module could not be read: ${(error as Error).message}`)
      return []
    }
  })
  if (problems.length > 0) throw new InputError(problems)
  useModules(modules)
}

/** A name means one thing: neither tsplay's own modules nor those of other folders are hidden by one. */
function clashes(found: readonly LibraryFile[]): Diagnostic[] {
  return found.flatMap(({ name, path }, at) => {
    const other = found.slice(0, at).find((one) => one.name === name)?.path
    const taken = other ?? (isOwn(name) ? "tsplay's own" : undefined)
    if (taken === undefined) return []
    return [{ code: 'library', message: `${path}: a module named '${name}' is there already: ${taken}` }]
  })
}

const isOwn = (name: string) =>
  findModule(name) !== undefined || controlModules.some((control) => control.name === name)

/** TypeScript becomes JavaScript, and what a module imports by path comes with it. Types are not checked. */
async function compile(found: readonly LibraryFile[], files: Files): Promise<ReadonlyMap<string, string>> {
  const { build } = await import('esbuild')
  const one = async ({ path }: LibraryFile): Promise<[string, string]> => {
    const { outputFiles } = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      external: ['tsplay'],
      logLevel: 'silent',
    })
    return [path, outputFiles[0]!.text]
  }
  const built = await Promise.allSettled(found.map(one))
  const problems = built.flatMap((result) =>
    result.status === 'rejected' ? diagnosticsOf(result.reason as BuildFailure, files) : [],
  )
  if (problems.length > 0) throw new InputError(problems)
  return new Map(built.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])))
}

function diagnosticsOf(failure: BuildFailure, files: Files): Diagnostic[] {
  if (!Array.isArray(failure.errors)) throw failure
  return failure.errors.map((error) => ({ code: 'library', message: error.text, span: spanOf(error, files) }))
}

function spanOf({ location }: Message, files: Files): Span | undefined {
  const source =
    location &&
    files.read(location.file.startsWith('/') ? location.file : `${process.cwd()}/${location.file}`)
  if (!location || !source) return undefined
  const before = source.text
    .split('\n')
    .slice(0, location.line - 1)
    .join('\n').length
  const start = before + (location.line > 1 ? 1 : 0) + location.column
  return { file: source, start, end: start + Math.max(1, location.length) }
}

const startOf = (file: SourceFile): Span => ({ file, start: 0, end: 1 })

function evaluate(code: string, path: string): Readonly<Record<string, unknown>> {
  const own = createRequire(path)
  const required = (name: string): unknown => (name === 'tsplay' ? api : own(name))
  const module = { exports: {} as Record<string, unknown> }
  const run = compileFunction(code, ['require', 'module', 'exports', '__filename', '__dirname'], {
    filename: path,
  })
  run(required, module, module.exports, path, dirname(path))
  return module.exports
}

function moduleIn(
  exported: Readonly<Record<string, unknown>>,
  { name, path }: LibraryFile,
  report: (message: string, hint?: string) => void,
): AnyModule | undefined {
  const candidates = [...new Set(Object.values(exported))].filter(
    (value) => typeof value === 'object' && value !== null && 'probe' in value,
  )
  const [module] = candidates
  if (candidates.length !== 1) {
    const counted = candidates.length === 0 ? 'exports no module' : `exports ${candidates.length} modules`
    report(`${path} ${counted}`, `export const ${name} = defineModule({ name: '${name}', … })`)
    return undefined
  }
  const problems = problemsOf(module as Record<string, unknown>, name)
  for (const problem of problems) report(problem)
  return problems.length === 0 ? (module as AnyModule) : undefined
}
