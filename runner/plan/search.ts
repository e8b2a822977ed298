import { dirname, resolve } from 'node:path'
import { didYouMean, type Report } from '../errors.js'
import type { Files } from '../syntax/files.js'
import type { Task } from './plan.js'

/** Ansible's search: the role's `files/`, `templates/` or `vars/`, the role, then the same beside the playbook. */
export function searchFolders(
  kind: 'files' | 'templates' | 'vars',
  task: Pick<Task, 'role' | 'span'>,
  playbookDir: string,
): string[] {
  const roots = [task.role?.path, dirname(task.span.file.path), playbookDir].filter(
    (dir) => dir !== undefined,
  )
  return [...new Set(roots.flatMap((dir) => [resolve(dir, kind), dir]))]
}

const kinds: Readonly<Record<string, 'files' | 'templates'>> = { copy: 'files', template: 'templates' }

/**
 * The file that a task names by a relative path must be there. An absolute one may be made by an earlier task, or be the
 * host's.
 */
export function checkSource(task: Task, playbookDir: string, files: Files, report: Report): void {
  const { module, argumentNames, parts } = task.action
  const kind = kinds[module.name]
  const src = kind && parts[argumentNames.indexOf('src')]
  const path = src?.constant?.value
  if (!kind || !src || typeof path !== 'string' || /^[/~]/.test(path)) return
  const folders = searchFolders(kind, task, playbookDir)
  const paths = folders.map((dir) => resolve(dir, path))
  if (paths.some((each) => files.isFile(each) || files.isDirectory(each))) return
  const guess = didYouMean(
    path,
    folders.flatMap((dir) => (files.list(dir) ?? []).map((entry) => entry.name)),
  )
  report({
    code: 'missing-file',
    message: `no file '${path}' in ${folders.join(', ')}`,
    span: src.span,
    hint: guess && `did you mean '${guess}'?`,
  })
}
