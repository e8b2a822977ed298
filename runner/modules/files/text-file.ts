import type { ApplyHost, Change } from '../module.js'
import { mustRun } from '../outcome.js'
import { shellScript } from '../script.js'
import { applyFile } from './apply.js'
import type { WantedAttributes } from './attributes.js'
import { planText } from './edit.js'
import { expandHome, findPath, printState } from './fragments.js'
import type { FileWork } from './plan.js'
import type { FileAnswer } from './probe.js'
import { type Reader, readState } from './state.js'

/** A text file of the system is written whole, or goes where nothing is left in it. */
export type TextFileWork = { readonly file: FileWork } | { readonly remove: string }

/** `fs_text PATH`, for probes that ask more than one file: what stands there, and the text of a regular file. */
export const printText = `${expandHome}${findPath}${printState}fs_text() {
  fs_expand "$1"
  fs_state "$fs_path" yes yes
  [ "$fs_file" != yes ] || cat <"$fs_path" || exit 1
}
`

/** Reads what `fs_text` prints of a path. */
export function readText(reader: Reader, path: string): FileAnswer {
  const file = readState(reader)
  return { path, file, ...(file.kind === 'file' ? { content: reader.take(file.size) } : {}) }
}

/** @param body the file's text after it; undefined: the file goes */
export function planTextFile(
  attributes: WantedAttributes,
  answer: FileAnswer,
  body: string | undefined,
): Change<TextFileWork> | undefined {
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

const removeScript = shellScript('remove-text-file', 'apply', ['path'], `rm -f -- "$path"`)

export async function applyTextFile(host: ApplyHost, work: TextFileWork): Promise<void> {
  if ('remove' in work) await mustRun(host, removeScript({ path: work.remove }), `remove ${work.remove}`)
  else await applyFile(host, work.file)
}
