import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import {
  type ApplyHost,
  type Change,
  type Controller,
  ModuleFailure,
  type ProbeHost,
  type ResultFields,
} from '../module.js'
import { mustRun } from '../outcome.js'
import { shellScript } from '../script.js'
import { applyFile } from './apply.js'
import { attributesOf, type WantedAttributes } from './attributes.js'
import { type Content, contentOfFile } from './content.js'
import { expandHome, findPath, printState } from './fragments.js'
import { keepContext, labelAfter, setContext } from './label.js'
import { type FileWork, planFile, type WantedFile } from './plan.js'
import { type FileState, Reader, readState } from './state.js'

/** A folder of the controller or the host. Paths are relative to its place on the host. */
export interface WantedTree {
  readonly folders: readonly string[]
  readonly files: readonly {
    readonly path: string
    readonly content: WantedFile['content']
    readonly mode: string
  }[]
}

/** What stands where the tree shall be, in the order of its folders, then its files. */
export interface TreeState {
  readonly root: string
  readonly folders: readonly FileState[]
  readonly files: readonly FileState[]
}

/** Folders to be made, outermost first, and files to be written. */
export interface TreeWork {
  readonly root: string
  readonly folders: readonly string[]
  /** Every folder is there, the root too. */
  readonly complete: boolean
  readonly mode: string
  readonly owner: string
  readonly group: string
  /** As `labelAfter` gives it. */
  readonly label: string
  readonly files: readonly FileWork[]
}

/** Reads a folder of the controller. Without a final slash in `src` the folder itself is copied, as rsync does. */
export async function readTree(
  controller: Controller,
  root: string,
  contentsOnly: boolean,
): Promise<WantedTree> {
  const prefix = contentsOnly ? '' : basename(root)
  const folders: string[] = prefix === '' ? [] : [prefix]
  const files: { path: string; content: Content; mode: string }[] = []
  for (const entry of (await readdir(root, { recursive: true })).sort()) {
    if (entry.includes('\n'))
      throw new ModuleFailure(`a file name with a line break cannot be copied: ${entry}`)
    const local = join(root, entry)
    const found = await stat(local)
    const path = prefix === '' ? entry : `${prefix}/${entry}`
    if (found.isDirectory()) folders.push(path)
    else {
      const mode = (found.mode & 0o7777).toString(8).padStart(4, '0')
      files.push({ path, content: await contentOfFile(controller, local), mode })
    }
  }
  return { folders, files }
}

const probeScript = shellScript(
  'probe-tree',
  'probe',
  ['root', 'entries', 'policy'],
  `${expandHome}${findPath}${printState}
fs_policy=$policy
fs_expand "$root"
root=\${fs_path%/}
printf '%s\\n' "\${HOME-}"
printf '%s\\n' "$entries" | while IFS= read -r entry; do
  [ -z "$entry" ] || fs_state "$root/$entry" no yes || exit 1
done`,
)

/**
 * One round trip for the whole tree.
 * @param policy with the SELinux context that the host's policy has for each path
 */
export async function probeTree(
  host: ProbeHost,
  root: string,
  tree: WantedTree,
  policy: boolean,
): Promise<TreeState> {
  const entries = [...tree.folders, ...tree.files.map((file) => file.path)].join('\n')
  const { stdout } = await host.query(probeScript({ root, entries, policy: policy ? 'yes' : 'no' }))
  const reader = new Reader(stdout)
  const home = reader.must('home')
  const place = (root.startsWith('~') ? home + root.slice(1) : root).replace(/\/$/, '')
  const states = (count: number) => Array.from({ length: count }, () => readState(reader))
  return { root: place, folders: states(tree.folders.length), files: states(tree.files.length) }
}

interface TreeArgs extends WantedAttributes {
  readonly directory_mode?: string | undefined
  readonly backup: boolean
  readonly force: boolean
}

/** What copying the tree would change. Folders that are there keep their owner and mode. */
export function planTree(args: TreeArgs, tree: WantedTree, state: TreeState): Change<TreeWork> | undefined {
  const { owner, group, backup, force } = args
  const missing = tree.folders.filter((path, at) => isMissing(path, state.folders[at]!))
  const changes = tree.files.flatMap((file, at) => {
    const mode = args.mode === 'preserve' ? file.mode : args.mode
    const answer = { path: `${state.root}/${file.path}`, file: state.files[at]! }
    const change = planFile(
      { attributes: { ...attributesOf(args), mode }, content: file.content, backup, force },
      answer,
    )
    return change ? [change] : []
  })
  if (missing.length === 0 && changes.length === 0) return undefined
  const made = missing.map((path) => `${state.root}/${path}`)
  return {
    summary: [...made.map((path) => `create ${path}/`), ...changes.flatMap((change) => change.summary)],
    differences: changes.flatMap((change) => change.differences ?? []),
    provides: [...made.map((path) => `file:${path}`), ...changes.flatMap((change) => change.provides ?? [])],
    data: {
      root: state.root,
      folders: made,
      complete: made.length === 0 && state.files.every(({ parent }) => parent),
      mode: args.directory_mode ?? '0755',
      owner: owner ?? '',
      group: group ?? '',
      label: labelAfter(args, { kind: 'absent' }).label,
      files: changes.map((change) => change.data),
    },
  }
}

function isMissing(path: string, state: FileState): boolean {
  if (state.kind === 'absent') return true
  if (state.kind === 'directory' || state.toDirectory) return false
  throw new ModuleFailure(`${path} is a ${state.kind} on the host, and a folder here`)
}

const foldersScript = shellScript(
  'make-folders',
  'apply',
  ['root', 'folders', 'mode', 'owner', 'group', 'label'],
  `${keepContext}${setContext}umask 022
mkdir -p -- "$root" || exit 1
printf '%s\\n' "$folders" | while IFS= read -r folder; do
  [ -z "$folder" ] && continue
  mkdir -p -- "$folder" || exit 1
  fs_new "$folder" "$folder" dir
  if [ -n "$owner" ]; then chown -- "$owner" "$folder" || exit 1; fi
  if [ -n "$group" ]; then chgrp -- "$group" "$folder" || exit 1; fi
  chmod -- "$mode" "$folder" || exit 1
  fs_relabel -- "$folder" || exit 1
done`,
)

/** One round trip for the folders that are missing and one for each file that differs. */
export async function applyTree(host: ApplyHost, work: TreeWork): Promise<ResultFields> {
  const { root, mode, owner, group, label } = work
  const folders = work.folders.join('\n')
  // Where a file only changes, so its folder is there.
  if (!work.complete)
    await mustRun(
      host,
      foldersScript({ root, folders, mode, owner, group, label }),
      `make the folders of ${root}`,
    )
  for (const file of work.files) await applyFile(host, file)
  return { dest: root, path: root, state: 'directory' }
}
