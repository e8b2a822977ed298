import { resolve } from 'node:path'
import type { Report } from '../errors.js'
import { type Compiled, compileTemplate } from '../expression/index.js'
import type { Files } from '../syntax/files.js'
import { reportingMemo } from '../syntax/memo.js'
import type { SourceFile } from '../syntax/source.js'
import type { Task } from './plan.js'
import { searchFolders } from './search.js'

/** The template that a task renders, where its name is known and it is there; its mistakes are reported. */
export function templateOf(
  task: Task,
  playbookDir: string,
  files: Files,
  report: Report,
): Compiled | undefined {
  const { module, argumentNames, parts } = task.action
  const src = module.name === 'template' ? parts[argumentNames.indexOf('src')]?.constant?.value : undefined
  if (typeof src !== 'string' || src.startsWith('~')) return undefined
  const path = searchFolders('templates', task, playbookDir)
    .map((dir) => resolve(dir, src))
    .find((candidate) => files.isFile(candidate))
  const file = path === undefined ? undefined : files.read(path)
  return file && compiled(file, report, (each) => compileTemplate(file, each, { files }))
}

const compiled = reportingMemo<SourceFile, Compiled | undefined>((file) => file)
