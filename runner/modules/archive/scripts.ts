import { expandHome, findPath } from '../files/fragments.js'
import { keepContext } from '../files/label.js'
import { sweepLeftovers, tellFull } from '../files/leftovers.js'
import { shellScript } from '../script.js'

/**
 * `unpack OPTIONS`: tar on the archive in fs_path, whatever packs it. busybox's tar may not see by itself what does, and
 * GNU's does not look at a pipe. `packer`: zip, or the program that unpacks it.
 */
const tarFunction = `packer=$(head -c 4 "$archive" | od -An -tx1 | tr -d ' \\n') || exit 1
case $packer in
  1f8b*) packer=gzip ;;
  fd377a58) packer=xz ;;
  425a68*) packer=bzip2 ;;
  28b52ffd) packer=zstd ;;
  504b0304 | 504b0506) packer=zip ;;
  *) packer='cat' ;;
esac
needed=$packer
[ "$packer" != zip ] || needed=unzip
command -v "$needed" >/dev/null 2>&1 || { printf '%s\\n' "this host has no $needed" >&2; exit 1; }
unpack() {
  if [ "$packer" = cat ]; then tar -f "$archive" "$@"; return; fi
  # One word tells whether the program failed: a pipe's exit code is only tar's.
  { "$packer" -dc <"$archive" || echo 'cut short' >&2; } | tar -f - "$@"
}
`

/** The archive in fs_path; a folder that may not be searched is a failure, never absence. */
const findArchive = `fs_expand "$src"
archive=$fs_path
`

/** What is in an archive of the host, as tar or unzip prints it, after the name of what unpacks it. */
export const listArchive = shellScript(
  'list-archive',
  'probe',
  ['src'],
  `${expandHome}${findPath}TZ=UTC
export TZ
${findArchive}fs_find "$archive" || { echo absent; exit 0; }
${tarFunction}
if [ "$packer" = zip ]; then
  list=$(unzip -l "$archive") || exit 1
else
  set -- -tv
  case $(tar --version 2>/dev/null) in *GNU*) set -- --quoting-style=literal -tv ;; esac
  list=$(unpack "$@" 2>/dev/null) || { unpack "$@" >/dev/null; exit 1; }
fi
printf '%s\\n%s\\n' "$packer" "$list"`,
)

/**
 * What stands at the destination: a line for each name, in their order, and the SHA-256 of the files' content; then that
 * of an archive of the host. `raws` are words: the names in it that count, without any all.
 */
export const probeEntries = shellScript(
  'probe-entries',
  'probe',
  ['dest', 'names', 'files', 'src', 'raws'],
  `${expandHome}${findPath}
fs_expand "$dest"
fs_find "$fs_path/." || { echo absent; exit 0; }
dest=$fs_path
echo there
(
  CDPATH='' cd -- "$dest" || exit 1
  printf '%s\\n' "$names" | while IFS= read -r entry; do
    [ -n "$entry" ] || continue
    if [ -L "./$entry" ]; then printf 'link %s\\n' "$(readlink -- "./$entry")"
    elif [ -e "./$entry" ]; then stat -c '%f %s %U %u %G %g' -- "./$entry" || exit 1
    else echo missing
    fi
  done
  printf '%s\\n' "$files" | while IFS= read -r entry; do
    if [ -n "$entry" ] && [ -f "./$entry" ]; then cat -- "./$entry" || exit 1; fi
  done | sha256sum
) || exit 1
[ -n "$src" ] || exit 0
${findArchive}${tarFunction}
eval "set -- $raws"
if [ "$packer" = zip ]; then unzip -p "$archive" "$@" 2>/dev/null
elif [ $# -gt 0 ]; then unpack -x -O -- "$@" 2>/dev/null
else unpack -x -O 2>/dev/null
fi | sha256sum`,
)

/**
 * Unpacks into a folder of its own within the destination, and moves from there what is meant: whatever fails on the way (the
 * archive, the disk) leaves what was there. `names` are pairs of lines, the name in the archive and the one to be. `whole`: a folder that is not there yet is moved with all that is in it.
 */
export const extract = shellScript(
  'extract-archive',
  'apply',
  ['src', 'dest', 'sha', 'temp', 'names', 'whole', 'options', 'owner', 'group', 'mode'],
  `${expandHome}${keepContext}${sweepLeftovers}${tellFull}${findArchive}stage=''
trap '[ "$temp" != yes ] || rm -f -- "$archive"; [ -z "$stage" ] || rm -rf -- "$stage"' EXIT
trap 'exit 143' HUP INT TERM
fail() {
  printf '%s\\n' "$1" >&2
  exit 1
}
if [ -n "$sha" ]; then
  got=$(sha256sum <"$archive") || exit 1
  [ "\${got%% *}" = "$sha" ] || fail 'the archive did not arrive whole'
fi
fs_expand "$dest"
dest=\${fs_path%/}
${tarFunction}
umask 022
fs_sweep "$dest"
stage=$(mktemp -d "$dest/.tsplay.XXXXXX") || exit 1
CDPATH='' cd -- "$stage" || exit 1
eval "set -- $options"
if [ "$packer" = zip ]; then
  [ $# -eq 0 ] || fail 'extra_opts are for tar: this is a zip archive'
  unzip -o -q "$archive" >&2
else
  unpack -x "$@" >&2
fi || { why=$(fs_why .why); fail "nothing was changed in \${dest:-/}\${why:+: $why}"; }
if [ -n "$owner" ]; then find . ! -name . -exec chown -h -- "$owner" {} + || exit 1; fi
if [ -n "$group" ]; then find . ! -name . -exec chgrp -h -- "$group" {} + || exit 1; fi
if [ -n "$mode" ]; then find . -depth ! -name . ! -type l -exec chmod -- "$mode" {} + || exit 1; fi
attributes_of() {
  chmod -- "$(stat -c %a -- "$1")" "$2" || return 1
  [ "$(id -u)" -ne 0 ] || chown -- "$(stat -c %u:%g -- "$1")" "$2"
}
printf '%s\\n' "$names" | while IFS= read -r from && IFS= read -r to; do
  [ -e "./$from" ] || [ -L "./$from" ] || continue
  to=$dest/$to
  [ -d "\${to%/*}/" ] || mkdir -p -- "\${to%/*}" || exit 1
  if [ -d "./$from" ] && [ ! -L "./$from" ]; then
    if [ -L "$to" ]; then rm -f -- "$to" || exit 1; fi
    if [ -d "$to" ]; then attributes_of "./$from" "$to" || exit 1
    elif [ "$whole" = yes ]; then
      mv -- "./$from" "$to" || exit 1
      [ "$fs_selinux" = no ] || restorecon -R -- "$to" || :
    else mkdir -- "$to" && fs_new "$to" "$to" dir && attributes_of "./$from" "$to" || exit 1
    fi
  else
    if [ -L "$to" ]; then rm -f -- "$to" || exit 1; fi
    [ ! -d "$to" ] || fail "is a folder: $to"
    fs_keep "./$from" "$to" file || exit 1
    mv -f -- "./$from" "$to" || exit 1
  fi
done`,
)
