import type { ProbeHost } from '../module.js'
import { ModuleFailure } from '../module.js'
import { shellScript } from '../script.js'
import { expandHome, findPath, printState } from './fragments.js'
import { type FileAnswer, type FileQuestion, fileProgram, fileValues, readFileAnswer } from './probe.js'
import { type FileState, Reader, readState } from './state.js'
import type { TreeState, WantedTree } from './tree.js'

/** What a source on the host is: a file, or a folder with what stands where its content shall be. */
export type RemoteSource =
  | { readonly kind: 'file'; readonly answer: FileAnswer }
  | { readonly kind: 'tree'; readonly wanted: WantedTree; readonly tree: TreeState }

const script = shellScript(
  'probe-remote-source',
  'probe',
  ['path', 'base', 'follow', 'limit', 'wanted', 'from', 'hash', 'policy', 'large'],
  `${expandHome}${findPath}${printState}
fs_expand "$from"
fs_policy=$policy
if [ ! -d "$fs_path" ]; then
  echo file
${fileProgram}
  exit 0
fi
echo tree
from=\${fs_path%/}
[ -n "$from" ] || { echo 'the whole of / cannot be copied' >&2; exit 1; }
fs_expand "$path"
path=\${fs_path%/}\${base:+/$base}
printf '%s\\n' "\${HOME-}"
CDPATH='' cd -- "$from" || exit 1
odd=$(find -L . -name '*
*') || exit 1
[ -z "$odd" ] || { printf '%s\\n' "a file name with a line break cannot be copied: $odd" >&2; exit 1; }
case $(readlink -f -- "$path") in
  "$(pwd -P)" | "$(pwd -P)"/*) printf '%s\\n' "a folder cannot be copied into itself: $path" >&2; exit 1 ;;
esac
entries=$(find -L . | sort) || exit 1
printf '%s\\n' "$entries" | while IFS= read -r entry; do
  printf '%s\\n' "$entry"
  fs_state "$entry" yes yes
  fs_state "$path/\${entry#.}" no yes
done`,
)

/**
 * One round trip. Links below the folder are followed, as in Ansible.
 * @param question its `from` is the source; its `base` the name that a folder keeps at the destination, '' for what is in it
 */
export async function probeRemote(host: ProbeHost, question: FileQuestion): Promise<RemoteSource> {
  const { stdout } = await host.query(script(fileValues(question)))
  const reader = new Reader(stdout)
  if (reader.must('kind of the source') === 'file')
    return { kind: 'file', answer: readFileAnswer(reader, question) }
  const home = reader.must('home')
  const { path, base = '', from = '' } = question
  const place = (path.startsWith('~') ? home + path.slice(1) : path).replace(/\/$/, '')
  const source = (from.startsWith('~') ? home + from.slice(1) : from).replace(/\/+$/, '')
  return readTree(reader, { place, base, source })
}

function readTree(reader: Reader, at: { place: string; base: string; source: string }): RemoteSource {
  const folders: [string, FileState][] = []
  const files: [WantedTree['files'][number], FileState][] = []
  for (let entry = reader.line(); entry !== undefined; entry = reader.line()) {
    const below = entry === '.' ? '' : entry.slice(2)
    const [source, now] = [readState(reader), readState(reader)]
    const path = [at.base, below].filter((part) => part !== '').join('/')
    if (path === '') continue
    if (source.kind === 'directory') folders.push([path, now])
    else if (source.kind === 'file') {
      const content = { from: `${at.source}/${below}`, sha256: source.sha256 ?? '', size: source.size }
      files.push([{ path, content, mode: source.mode }, now])
    } else throw new ModuleFailure(`${at.source}/${below} is a ${source.kind}, which cannot be copied`)
  }
  return {
    kind: 'tree',
    wanted: { folders: folders.map(([path]) => path), files: files.map(([file]) => file) },
    tree: { root: at.place, folders: folders.map(([, now]) => now), files: files.map(([, now]) => now) },
  }
}
