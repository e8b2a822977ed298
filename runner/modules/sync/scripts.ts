import { expandHome, findPath } from '../files/fragments.js'
import { keepContext } from '../files/label.js'
import { sweepLeftovers, tellFull } from '../files/leftovers.js'
import { shellScript } from '../script.js'

/**
 * What stands at the destination of the entries that shall be there: the home; `absent`, or `there` and then of those that
 * are found kind, size, time and path; an empty line; SHA-256 and path of files, where `hash` says so; an empty line; two lines for each
 * link; and with `walk` an empty line and every path below `prefix`. No process per file, but one per link.
 */
export const probeSync = shellScript(
  'probe-sync',
  'probe',
  ['dest', 'prefix', 'entries', 'hash', 'walk'],
  `${expandHome}${findPath}
# A file in the place of a folder is not told here, but by that folder's own entry.
there() {
  if [ -e "$1" ] || [ -L "$1" ]; then return 0; fi
  above=\${1%/*}
  until [ -e "$above" ] || [ -L "$above" ]; do above=\${above%/*}; done
  if [ ! -d "$above" ] || [ -x "$above" ]; then return 1; fi
  printf '%s\\n' "permission denied: $root/\${above#./}" >&2
  exit 1
}
each() { printf '%s\\n' "$1" | tr '\\n' '\\000'; }
fs_expand "$dest"
root=$fs_path
printf '%s\\n' "\${HOME-}"
fs_find "$root/." || { echo absent; exit 0; }
CDPATH='' cd -- "$root" || exit 1
echo there
found=$(printf '%s\\n' "$entries" | while IFS= read -r entry; do
  if [ -n "$entry" ] && there "./$entry"; then printf './%s\\n' "$entry"; fi
done) || exit 1
if [ -n "$found" ]; then each "$found" | xargs -0 stat -c '%f %s %Y %n' -- || exit 1; fi
echo
files=$(printf '%s\\n' "$found" | while IFS= read -r entry; do
  if [ -f "$entry" ] && [ ! -L "$entry" ]; then printf '%s\\n' "$entry"; fi
done)
if [ "$hash" = yes ] && [ -n "$files" ]; then each "$files" | xargs -0 sha256sum -- || exit 1; fi
echo
printf '%s\\n' "$found" | while IFS= read -r entry; do
  [ -L "$entry" ] || continue
  target=$(readlink -- "$entry")
  case $target in *'
'*) target=$(printf '%s' "$target" | tr '\\n' '\\001') ;; esac
  printf '%s\\n%s\\n' "$entry" "$target"
done
echo
[ "$walk" = yes ] || exit 0
[ -d "./$prefix" ] || exit 0
odd=$(find "./$prefix" -name '*
*') || exit 1
[ -z "$odd" ] || { printf '%s\\n' "delete cannot tell names with a line break apart: $odd" >&2; exit 1; }
find "./$prefix"`,
)

/** The destination itself, with the folders above it. */
export const makeRoot = shellScript(
  'make-sync-root',
  'apply',
  ['root'],
  `umask 022
mkdir -p -- "$root"`,
)

/**
 * Brings what differs. `temp` is an archive of the files to be placed, named 0, 1, … in the order of `files`; '' where there
 * are none. All of it is unpacked before anything is touched; then what stands in the way goes (`clear`), folders, files and
 * links take their places, modes are set, and what is not wanted goes (`remove`). `links` are pairs of lines, a path and what it
 * leads to; `modes` a mode and a path in each line.
 */
export const applySync = shellScript(
  'apply-sync',
  'apply',
  ['root', 'temp', 'sha', 'clear', 'folders', 'files', 'links', 'modes', 'remove'],
  `${keepContext}${sweepLeftovers}${tellFull}fail() {
  printf '%s\\n' "$1" >&2
  exit 1
}
stage=''
trap 'rm -rf -- "$temp" "$stage"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
umask 077
CDPATH='' cd -- "$root" || exit 1
fs_sweep .
stage=$(mktemp -d ./.tsplay.XXXXXX) || exit 1
if [ -n "$temp" ]; then
  got=$(sha256sum <"$temp") || exit 1
  [ "\${got%% *}" = "$sha" ] || fail "not all of the files arrived: nothing was changed in $root"
  tar -x -p -o -f "$temp" -C "$stage" >&2 || {
    why=$(fs_why "$stage/.why")
    fail "nothing was changed in $root\${why:+: $why}"
  }
  rm -f -- "$temp"
fi
gone() {
  printf '%s\\n' "$1" | while IFS= read -r path; do
    [ -z "$path" ] || rm -rf -- "./$path" || exit 1
  done
}
# A rename onto a link to a folder would move into that folder.
place() {
  if [ -L "$2" ]; then rm -f -- "$2" || exit 1; fi
  [ ! -d "$2" ] || fail "is a folder: $root/\${2#./}"
  fs_keep "$1" "\${root%/}/\${2#./}" "$3" || exit 1
  mv -f -- "$1" "$2" || exit 1
}
gone "$clear" || exit 1
printf '%s\\n' "$folders" | while IFS= read -r path; do
  [ -n "$path" ] || continue
  mkdir -p -- "./$path" || exit 1
  fs_new "./$path" "\${root%/}/$path" dir
done || exit 1
number=0
printf '%s\\n' "$files" | while IFS= read -r path; do
  [ -n "$path" ] || continue
  place "$stage/$number" "./$path" file
  number=$((number + 1))
done || exit 1
printf '%s\\n' "$links" | while IFS= read -r path && IFS= read -r target; do
  ln -s -- "$target" "$stage/link" || exit 1
  place "$stage/link" "./$path" lnk_file
done || exit 1
printf '%s\\n' "$modes" | while read -r mode path; do
  [ -z "$path" ] || chmod -- "$mode" "./$path" || exit 1
done || exit 1
gone "$remove"`,
)
