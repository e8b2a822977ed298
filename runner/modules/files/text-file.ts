import { applyFile } from '../files/apply.js'
import type { WantedAttributes } from '../files/attributes.js'
import { planText } from '../files/edit.js'
import type { FileWork } from '../files/plan.js'
import type { FileAnswer } from '../files/probe.js'
import type { ApplyHost, Change } from '../module.js'
import { mustRun } from '../outcome.js'
import { shellScript } from '../script.js'

/** A file of repositories is written, or goes where none is left in it. */
export type RepositoryWork = { readonly file: FileWork } | { readonly remove: string }

/** @param body the file's text after it; undefined: the file goes */
export function planRepositories(
  attributes: WantedAttributes,
  answer: FileAnswer,
  body: string | undefined,
): Change<RepositoryWork> | undefined {
  const { path, file, content } = answer
  if (body === undefined) {
    if (file.kind === 'absent') return undefined
    const before = content?.toString('utf8') ?? ''
    return {
      summary: [`remove ${path}`],
      differences: [{ subject: path, before, after: '' }],
      data: { remove: path },
    }
  }
  const change = planText({ backup: false, ...attributes }, answer, body)
  return change && { ...change, data: { file: change.data } }
}

const removeScript = shellScript('remove-repositories', 'apply', ['path'], `rm -f -- "$path"`)

export async function applyRepositories(host: ApplyHost, work: RepositoryWork): Promise<void> {
  if ('remove' in work) await mustRun(host, removeScript({ path: work.remove }), `remove ${work.remove}`)
  else await applyFile(host, work.file)
}
