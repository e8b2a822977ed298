import { dirname, join, resolve, sep } from 'node:path'
import type { Report } from '../errors.js'
import type { Files } from '../syntax/files.js'
import type { SourceFile } from '../syntax/source.js'
import type { Compiled } from './compiled.js'
import type { IncludeResult } from './include.js'
import { locator } from './locate.js'
import { compileTags } from './render.js'

export interface TemplateOptions {
  /** Where included templates are read from; without it, `include` is an error. */
  readonly files?: Files | undefined
}

/**
 * An EJS template file. Includes are followed here, so that their mistakes and names are known before a run; they stay
 * inside the template's own folder.
 * @returns `undefined` if it has a mistake; all of them are reported
 */
export function compileTemplate(
  file: SourceFile,
  report: Report,
  options: TemplateOptions = {},
): Compiled | undefined {
  return compileFile(file, report, options.files, dirname(file.path), [file.path])
}

function compileFile(
  file: SourceFile,
  report: Report,
  files: Files | undefined,
  root: string,
  chain: readonly string[],
): Compiled | undefined {
  const { text } = file
  const span = { file, start: 0, end: text.length }
  const include = files && ((name: string) => includeFile(name, file, report, files, root, chain))
  return compileTags({ text, span, locate: locator(text, span), include }, report)
}

function includeFile(
  name: string,
  from: SourceFile,
  report: Report,
  files: Files,
  root: string,
  chain: readonly string[],
): IncludeResult {
  const path = join(dirname(from.path), /\.[^/]*$/.test(name) ? name : `${name}.ejs`)
  if (name.startsWith('/') || !isInside(path, root, files))
    return {
      problem: `${name} is outside of ${root}`,
      hint: 'a template includes files of its own folder only',
    }
  if (chain.includes(path))
    return { problem: `templates include each other: ${[...chain, path].join(' → ')}` }
  const file = files.read(path)
  if (!file) return { problem: `there is no template ${path}` }
  const compiled = compileFile(file, report, files, root, [...chain, path])
  return compiled ? { compiled } : { problem: `${path} has mistakes of its own` }
}

function isInside(path: string, root: string, files: Files): boolean {
  const real = (each: string) => resolve(files.realPath?.(each) ?? each)
  return resolve(path).startsWith(resolve(root) + sep) && real(path).startsWith(real(root) + sep)
}
