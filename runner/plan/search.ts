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

/** The argument of a module that names a file of the controller, and the folder of a role that such files are in. */
const sources: Readonly<Record<string, { argument: string; kind: 'files' | 'templates'; isProgram?: true }>> =
  {
    copy: { argument: 'src', kind: 'files' },
    unarchive: { argument: 'src', kind: 'files' },
    assemble: { argument: 'src', kind: 'files' },
    template: { argument: 'src', kind: 'templates' },
    script: { argument: 'cmd', kind: 'files', isProgram: true },
  }

/**
 * The file that a task names by a relative path must be there. An absolute one may be made by an earlier task, or be the
 * host's.
 */
export function checkSource(task: Task, playbookDir: string, files: Files, report: Report): void {
  const { module, argumentNames, parts } = task.action
  const source = sources[module.name]
  const src = source && parts[argumentNames.indexOf(source.argument)]
  const text = src?.constant?.value
  if (!source || typeof text !== 'string') return
  const remote = parts[argumentNames.indexOf('remote_src')]
  const isOnHost = remote ? remote.constant?.value !== false : module.name === 'assemble'
  const path = source.isProgram ? firstWord(text) : text
  if (isOnHost || path === undefined || /^[/~]/.test(path)) return
  const { kind } = source
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
    span: src!.span,
    hint: guess && `did you mean '${guess}'?`,
  })
}

/** The file of `script: file.sh some words`; nothing where only a shell could tell. */
function firstWord(text: string): string | undefined {
  return /^\s*([^\s'"\\]+)(?:\s|$)/.exec(text)?.[1]
}
