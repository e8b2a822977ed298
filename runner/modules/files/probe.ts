import type { ProbeHost } from '../module.js'
import { shellScript } from '../script.js'
import { expandHome, findPath, printState } from './fragments.js'
import { lookTogether, type PathLook } from './look.js'
import { type FileState, Reader, readState } from './state.js'

/** Text up to this many bytes is fetched, to be shown as a difference. */
export const shownBytes = 64 * 1024

/** What the host was asked about a path. */
export interface FileQuestion {
  readonly path: string
  /** Where the path is a directory, or ends in a slash, the file of this name in it is meant. */
  readonly base?: string | undefined
  /** A symbolic link stands for what it leads to. */
  readonly follow?: boolean | undefined
  /** Print the content, up to this many bytes. */
  readonly contentLimit?: number | undefined
  /** … unless its SHA-256 is this one. */
  readonly wantedSha?: string | undefined
  /** A file of the host that will be the content. */
  readonly from?: string | undefined
  /** Without the SHA-256 of the file; default with. */
  readonly hash?: boolean | undefined
  /** Files of several MiB are expected there; default not. */
  readonly large?: boolean | undefined
  /** With the SELinux context that the policy has for the path; default without. */
  readonly policy?: boolean | undefined
}

/** What stands at a path, with the content where it was asked for and is not the wanted one. */
export interface FileAnswer {
  /** The path itself, after `~` and the folder rule. */
  readonly path: string
  readonly file: FileState
  readonly content?: Buffer
  readonly source?: FileState
}

const vars = ['path', 'base', 'follow', 'limit', 'wanted', 'from', 'hash', 'policy', 'large'] as const

/** What looks at one file, after the fragments; its variables are those of `fileValues`. */
const fileLook: PathLook = {
  vars,
  place: `fs_policy=$policy
fs_large=$large
fs_expand "$path"
path=$fs_path
into=no
if [ -n "$base" ]; then
  case $path in
    */) into=yes ;;
    *) [ -d "$path" ] && into=yes ;;
  esac
fi
[ "$path" = / ] || path=\${path%/}
if [ "$into" = yes ]; then path=\${path%/}/$base; fi`,
  tell: `printf '%s\\n%s\\n' "\${HOME-}" "$into"
if [ -n "$from" ]; then
  fs_expand "$from"
  fs_state "$fs_path" yes yes
  wanted=$fs_sha
fi
if [ "$hash" = yes ] && { [ "$limit" -eq 0 ] || [ -z "$wanted" ]; }; then hash=shown; fi
fs_state "$path" "$follow" "$hash"
if [ "$limit" -gt 0 ] && [ "$fs_file" = yes ] && { [ -z "$wanted" ] || [ "$fs_sha" != "$wanted" ]; }; then
  echo content
  head -c "$limit" <"$path" || exit 1
fi`,
}

export const fileProgram = `${fileLook.place}
${fileLook.tell}`

const script = shellScript(
  'probe-file',
  'probe',
  vars,
  `${expandHome}${findPath}${printState}
${fileProgram}
exit 0`,
)

const together = lookTogether('probe-files', fileLook)

/** A question as the variables of its script. */
export function fileValues(question: FileQuestion) {
  const { path, base = '', wantedSha = '', from = '', contentLimit = 0 } = question
  const { follow = false, hash = true, policy = false, large = false } = question
  const yesNo = (value: boolean) => (value ? 'yes' : 'no')
  // One byte more than is wanted shows that there is too much.
  const limit = `${contentLimit > 0 ? contentLimit + 1 : 0}`
  const flags = { follow: yesNo(follow), hash: yesNo(hash), policy: yesNo(policy), large: yesNo(large) }
  return { path, base, limit, wanted: wantedSha, from, ...flags }
}

/** One round trip. Something that cannot be looked at is a failure, never absence. */
export async function probeFile(host: ProbeHost, question: FileQuestion): Promise<FileAnswer> {
  const own = script(fileValues(question))
  // Where the content is another file of the host, that is looked at first.
  const { stdout } = await host.query(question.from === undefined ? { ...own, together } : own)
  return readFileAnswer(new Reader(stdout), question)
}

/** Reads what `fileProgram` prints. */
export function readFileAnswer(reader: Reader, question: FileQuestion): FileAnswer {
  const { path, base = '', from = '', contentLimit = 0 } = question
  const home = reader.must('home')
  const into = reader.must('kind of the destination') === 'yes'
  const source = from === '' ? {} : { source: readState(reader) }
  const file = readState(reader)
  const content = reader.line() === 'content' ? reader.rest() : undefined
  const whole = content && content.length <= contentLimit ? { content } : {}
  return { path: placeOf(path, home, into ? base : undefined), file, ...whole, ...source }
}

function placeOf(path: string, home: string, base: string | undefined): string {
  const expanded = path === '~' || path.startsWith('~/') ? home + path.slice(1) : path
  const bare = expanded === '/' ? '/' : expanded.replace(/\/$/, '')
  return base === undefined ? bare : `${bare === '/' ? '' : bare}/${base}`
}

/** The folder a path stands in. */
export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
