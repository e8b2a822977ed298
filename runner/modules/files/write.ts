import { Secret } from '../../secrets/secret.js'
import type { Script } from '../../transport/transport.js'
import type { ApplyHost, ResultFields } from '../module.js'
import { mustRun } from '../outcome.js'
import { shellScript } from '../script.js'
import type { SetAttributes } from './attributes.js'
import { type Content, isInline, largeBytes } from './content.js'
import { type Download, webOptions, webVars } from './download.js'
import { expandHome, findPath, printState } from './fragments.js'
import { keepContext, setContext } from './label.js'
import { sweepLeftovers, tellFull } from './leftovers.js'
import { parentOf } from './probe.js'
import { fileFields } from './result.js'
import { type FileState, Reader, readState } from './state.js'
import { uploadInto } from './upload.js'
import { webGet } from './web-get.js'

/** A file of the host. */
export interface FileOfHost {
  readonly from: string
  readonly sha256: string
}

/** A file to be written whole. */
export interface WriteOrder {
  readonly path: string
  readonly content: Content | FileOfHost | Download
  readonly attributes: SetAttributes
  /** What was there when it was probed. */
  readonly before: FileState
  readonly backup: boolean
  /** A line of sh from `validatorOf`, or ''. */
  readonly validate: string
  readonly follow?: boolean
  /** The content was made from what was there: refuse when that has changed since. */
  readonly edited?: boolean
  /** A line of sh to run when the file stands, or ''. */
  readonly finish?: string
}

const writeVars = [
  'path',
  'sha',
  'mode',
  'owner',
  'group',
  'keep',
  'backup',
  'validate',
  'follow',
  'expect',
  'finish',
  'label',
  'large',
] as const

/**
 * The program that writes a file, around the piece of sh that fills `$fs_temp`. The order is the point: the file is whole,
 * verified, owned, of its mode, on disk and validated before it takes the name; whatever fails on the way leaves what was
 * there.
 */
const writeProgram = (
  fill: string,
) => `${expandHome}${findPath}${printState}${keepContext}${setContext}${sweepLeftovers}${tellFull}fail() {
  printf '%s\\n' "$1" >&2
  exit 1
}
fs_temp=''
trap '[ -z "$fs_temp" ] || rm -f -- "$fs_temp"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
umask 077
fs_expand "$path"
path=$fs_path
if [ "$follow" = yes ] && [ -L "$path" ]; then path=$(readlink -f -- "$path") || fail "a dangling link: $path"; fi
dir=\${path%/*}
fs_sweep "$dir"
${fill}
[ -d "$path" ] && fail "is a directory: $path"
if [ -n "$expect" ]; then
  now=$(sha256sum <"$path") || exit 1
  [ "\${now%% *}" = "$expect" ] || fail "changed by someone else meanwhile: $path"
fi
if [ "$large" = yes ]; then fs_quick "$fs_temp"; fi
got=$fs_sum
if [ -z "$got" ]; then got=$(sha256sum <"$fs_temp") || exit 1; fi
got=\${got%% *}
fs_sum=''
[ -z "$sha" ] || [ "$got" = "$sha" ] || fail "the checksum is wrong: sha256 $got, not $sha; $path stays as it was"
if [ -n "$keep" ]; then chown -- "$keep" "$fs_temp" 2>/dev/null || :; fi
if [ -n "$owner" ]; then chown -- "$owner" "$fs_temp" || exit 1; fi
if [ -n "$group" ]; then chgrp -- "$group" "$fs_temp" || exit 1; fi
chmod -- "$mode" "$fs_temp" || exit 1
fs_keep "$fs_temp" "$path" file && fs_relabel -- "$fs_temp" || exit 1
sync "$fs_temp" 2>/dev/null || :
if [ -n "$validate" ]; then
  ( eval "$validate" ) >&2 </dev/null || fail "validation failed: $path stays as it was"
fi
saved=''
if [ "$backup" = yes ] && [ -f "$path" ]; then
  saved=$path.$$.$(date +%Y-%m-%d@%H:%M:%S)~
  cp -p -- "$path" "$saved" || { rm -f -- "$saved"; exit 1; }
fi
mv -f -- "$fs_temp" "$path" || exit 1
fs_temp=''
if [ -n "$finish" ]; then ( eval "$finish" ) >&2 </dev/null || exit 1; fi
printf '%s\\n%s\\n' "\${saved:+saved}" "$got"
fs_state "$path" no no
printf '%s' "$saved"`

// What is not written whole is told with the system's reason.
const makeTemp = `unwritten() {
  why=$(fs_why "$fs_temp")
  fail "$1\${why:+: $why}"
}
[ -d "\${dir:-/}" ] || fail "no such directory: \${dir:-/}"
fs_temp=$(mktemp "$dir/.tsplay.XXXXXX") || exit 1`

const script = shellScript(
  'write-file',
  'apply',
  [...writeVars, 'content', 'temp', 'from'],
  writeProgram(`if [ -n "$temp" ]; then
  fs_temp=$temp
else
  ${makeTemp.replaceAll('\n', '\n  ')}
  if [ -n "$from" ]; then
    fs_expand "$from"
    cat <"$fs_path" >"$fs_temp" || unwritten "could not write to \${dir:-/}"
  else
    printf '%s' "$content" >"$fs_temp" || unwritten "could not write to \${dir:-/}"
  fi
fi`),
)

const fetchScript = shellScript(
  'fetch-file',
  'apply',
  [...writeVars, 'url', 'timeout', 'summer', 'sum', ...webVars],
  `${webGet}${writeProgram(`${makeTemp}
said=$(web_get "$fs_temp" 2>&1) || unwritten "could not fetch $url: $(web_why "$said")"
if [ -n "$sum" ]; then
  got=$("$summer" <"$fs_temp") || exit 1
  [ "\${got%% *}" = "$sum" ] || fail "the checksum is wrong: \${summer%sum} \${got%% *}, not $sum; $path stays as it was"
fi`)}`,
)

/**
 * Write a file atomically.
 * @throws ModuleFailure with the old file whole and the temporary one removed
 */
export async function writeFile(host: ApplyHost, order: WriteOrder): Promise<ResultFields> {
  const { path } = order
  const completed = await mustRun(host, await scriptFor(host, order), `write ${path}`)
  const reader = new Reader(completed.stdout)
  const saved = reader.must('backup') === 'saved'
  const checksum = reader.must('checksum')
  const state = readState(reader)
  const backup = saved ? { backup_file: reader.rest().toString('utf8') } : {}
  return { ...fileFields(path, state), checksum, ...backup }
}

async function scriptFor(host: ApplyHost, order: WriteOrder): Promise<Script> {
  const { content } = order
  const values = valuesOf(host, order)
  if ('url' in content) {
    const { url, timeout, sum } = content
    const wanted = { summer: sum ? `${sum.algorithm}sum` : '', sum: sum?.hex ?? '' }
    const web = { url, timeout: `${Math.ceil(timeout)}`, ...webOptions(content) }
    return fetchScript({ ...values, ...wanted, ...web })
  }
  if ('from' in content) return script({ ...values, content: '', temp: '', from: content.from })
  if (!isInline(content)) {
    const temp = await uploadInto(host, parentOf(order.path), content.stream())
    return script({ ...values, content: '', temp, from: '' })
  }
  const text = content.secret ? new Secret(content.bytes.toString('utf8')) : content.bytes
  return script({ ...values, content: text, temp: '', from: '' })
}

/** What is fetched from elsewhere mostly is: programs and archives. */
function isLarge(content: WriteOrder['content']): boolean {
  if ('url' in content) return true
  return !('from' in content) && content.size >= largeBytes
}

function valuesOf(host: ApplyHost, order: WriteOrder) {
  const {
    path,
    content,
    attributes,
    before,
    backup,
    validate,
    follow = false,
    edited = false,
    finish = '',
  } = order
  const mine = before.owner === host.user && before.group === host.user
  return {
    path,
    sha: content.sha256,
    ...attributes,
    keep: before.kind === 'file' && !mine ? `${before.uid}:${before.gid}` : '',
    backup: backup ? 'yes' : 'no',
    validate,
    follow: follow ? 'yes' : 'no',
    large: isLarge(content) ? 'yes' : 'no',
    expect: edited ? (before.sha256 ?? '') : '',
    finish,
  }
}
