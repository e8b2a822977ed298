import { randomBytes } from 'node:crypto'
import { Secret } from '../../secrets/secret.js'
import { type ApplyHost, ModuleFailure, type ResultFields } from '../module.js'
import { mustRun } from '../outcome.js'
import { shellScript } from '../script.js'
import type { SetAttributes } from './attributes.js'
import { type Content, isInline } from './content.js'
import { expandHome, findPath, printState } from './fragments.js'
import { parentOf } from './probe.js'
import { fileFields } from './result.js'
import { type FileState, Reader, readState } from './state.js'

/** A file to be written whole. */
export interface WriteOrder {
  readonly path: string
  readonly content: Content | { readonly from: string; readonly sha256: string }
  readonly attributes: SetAttributes
  /** What was there when it was probed. */
  readonly before: FileState
  readonly backup: boolean
  /** A line of sh from `validatorOf`, or ''. */
  readonly validate: string
  readonly follow?: boolean
  /** The content was made from what was there: refuse when that has changed since. */
  readonly edited?: boolean
}

/**
 * The order is the point: the file is whole, verified, owned, of its mode, on disk and validated before it takes the
 * name; whatever fails on the way leaves what was there.
 */
const script = shellScript(
  'write-file',
  'apply',
  [
    'path',
    'content',
    'temp',
    'from',
    'sha',
    'mode',
    'owner',
    'group',
    'keep',
    'backup',
    'validate',
    'follow',
    'expect',
  ],
  `${expandHome}${findPath}${printState}
fail() {
  printf '%s\\n' "$1" >&2
  exit 1
}
fs_temp=$temp
trap '[ -z "$fs_temp" ] || rm -f -- "$fs_temp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
umask 077
fs_expand "$path"
path=$fs_path
if [ "$follow" = yes ] && [ -L "$path" ]; then path=$(readlink -f -- "$path") || fail "a dangling link: $path"; fi
[ -d "$path" ] && fail "is a directory: $path"
dir=\${path%/*}
[ -d "\${dir:-/}" ] || fail "no such directory: \${dir:-/}"
if [ -n "$expect" ]; then
  now=$(sha256sum <"$path") || exit 1
  [ "\${now%% *}" = "$expect" ] || fail "changed by someone else meanwhile: $path"
fi
if [ -z "$fs_temp" ]; then
  fs_temp=$(mktemp "$dir/.tsplay.XXXXXX") || exit 1
  if [ -n "$from" ]; then
    fs_expand "$from"
    cat <"$fs_path" >"$fs_temp" || exit 1
  else
    printf '%s' "$content" >"$fs_temp" || fail "could not write to $dir: is the disk full?"
  fi
fi
got=$(sha256sum <"$fs_temp") || exit 1
[ "\${got%% *}" = "$sha" ] || fail "what was written to $dir is not what was sent (sha256 \${got%% *}, not $sha)"
if [ -n "$keep" ]; then chown -- "$keep" "$fs_temp" 2>/dev/null || :; fi
if [ -n "$owner" ]; then chown -- "$owner" "$fs_temp" || exit 1; fi
if [ -n "$group" ]; then chgrp -- "$group" "$fs_temp" || exit 1; fi
chmod -- "$mode" "$fs_temp" || exit 1
sync "$fs_temp" 2>/dev/null || :
if [ -n "$validate" ]; then
  ( eval "$validate" ) >&2 </dev/null || fail "validation failed: $path stays as it was"
fi
saved=''
if [ "$backup" = yes ] && [ -f "$path" ]; then
  saved=$path.$$.$(date +%Y-%m-%d@%H:%M:%S)~
  cp -p -- "$path" "$saved" || exit 1
fi
mv -f -- "$fs_temp" "$path" || exit 1
fs_temp=''
if [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null 2>&1; then restorecon -- "$path" || :; fi
printf '%s\\n' "\${saved:+saved}"
fs_state "$path" no no
printf '%s' "$saved"`,
)

/**
 * Write a file atomically.
 * @throws ModuleFailure with the old file whole and the temporary one removed
 */
export async function writeFile(host: ApplyHost, order: WriteOrder): Promise<ResultFields> {
  const { content, path } = order
  const temp = 'from' in content || isInline(content) ? '' : await upload(host, order.path, content)
  const completed = await mustRun(host, script({ ...valuesOf(host, order), temp }), `write ${path}`)
  const reader = new Reader(completed.stdout)
  const saved = reader.must('backup') === 'saved'
  const state = readState(reader)
  const backup = saved ? { backup_file: reader.rest().toString('utf8') } : {}
  return { ...fileFields(path, state), checksum: content.sha256, ...backup }
}

function valuesOf(host: ApplyHost, order: WriteOrder) {
  const { path, content, attributes, before, backup, validate, follow = false, edited = false } = order
  const inline = 'from' in content || !isInline(content) ? Buffer.alloc(0) : content.bytes
  const secret = 'secret' in content && content.secret
  const mine = before.owner === host.user && before.group === host.user
  return {
    path,
    content: secret ? new Secret(inline.toString('utf8')) : inline,
    from: 'from' in content ? content.from : '',
    sha: content.sha256,
    ...attributes,
    keep: before.kind === 'file' && !mine ? `${before.uid}:${before.gid}` : '',
    backup: backup ? 'yes' : 'no',
    validate,
    follow: follow ? 'yes' : 'no',
    expect: edited ? (before.sha256 ?? '') : '',
  }
}

const removeTemp = shellScript('remove-temp', 'apply', ['temp'], `rm -f -- "$temp"`)

async function upload(host: ApplyHost, path: string, content: Content): Promise<string> {
  const parent = parentOf(path)
  const temp = `${parent === '/' ? '' : parent}/.tsplay.${randomBytes(9).toString('hex')}`
  try {
    await host.upload(content.stream(), temp)
  } catch (error) {
    // The connection may be gone; what made the upload fail is the news, not this.
    await host.run(removeTemp({ temp })).catch(() => undefined)
    throw error instanceof Error ? error : new ModuleFailure(String(error))
  }
  return temp
}
