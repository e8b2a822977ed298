import { expandHome } from '../files/fragments.js'
import { shellScript } from '../script.js'

/** `unpack OPTIONS`: tar on the archive in fs_path. busybox's tar may not see by itself that it is gzipped. */
const tarFunction = `unpack() {
  case $(head -c 2 "$fs_path" | od -An -tx1 | tr -d ' \\n') in
    1f8b) gzip -dc <"$fs_path" | tar "$@" -f - ;;
    *) tar "$@" -f "$fs_path" ;;
  esac
}
`

/** The listing of an archive of the host, and the SHA-256 of all its regular files' content. */
export const listArchive = shellScript(
  'list-archive',
  'probe',
  ['src'],
  `${expandHome}${tarFunction}TZ=UTC
export TZ
fs_expand "$src"
[ -e "$fs_path" ] || { echo absent; exit 0; }
set -- -tv
case $(tar --version 2>/dev/null) in *GNU*) set -- --quoting-style=literal -tv ;; esac
list=$(unpack "$@" 2>/dev/null) || { unpack "$@" >/dev/null; exit 1; }
sum=$(unpack -x -O 2>/dev/null | sha256sum) || exit 1
printf '%s\\n%s\\n' "\${sum%% *}" "$list"`,
)

/** What stands at the destination: a line for each name, in their order, and the SHA-256 of the files' content. */
export const probeEntries = shellScript(
  'probe-entries',
  'probe',
  ['dest', 'names', 'files'],
  `${expandHome}
fs_expand "$dest"
if [ ! -d "$fs_path" ]; then
  [ ! -e "$fs_path" ] || { printf '%s\\n' "not a folder: $fs_path" >&2; exit 1; }
  echo absent
  exit 0
fi
CDPATH='' cd -- "$fs_path" || exit 1
[ -x . ] || { printf '%s\\n' "permission denied: $fs_path" >&2; exit 1; }
echo there
printf '%s\\n' "$names" | while IFS= read -r entry; do
  [ -n "$entry" ] || continue
  if [ -L "./$entry" ]; then printf 'link %s\\n' "$(readlink -- "./$entry")"
  elif [ -e "./$entry" ]; then stat -c '%f %s %U %u %G %g' -- "./$entry" || exit 1
  else echo missing
  fi
done
printf '%s\\n' "$files" | while IFS= read -r entry; do
  if [ -n "$entry" ] && [ -f "./$entry" ]; then cat -- "./$entry" || exit 1; fi
done | sha256sum`,
)

export const extract = shellScript(
  'extract-archive',
  'apply',
  ['src', 'dest', 'kind', 'sha', 'temp', 'names', 'owner', 'group'],
  `${expandHome}${tarFunction}
fs_expand "$src"
archive=$fs_path
trap '[ "$temp" != yes ] || rm -f -- "$archive"' EXIT
trap 'exit 143' HUP INT TERM
if [ -n "$sha" ]; then
  got=$(sha256sum <"$archive") || exit 1
  [ "\${got%% *}" = "$sha" ] || { echo 'the archive did not arrive whole' >&2; exit 1; }
fi
fs_expand "$dest"
CDPATH='' cd -- "$fs_path" || exit 1
fs_path=$archive
umask 022
case $kind in
  zip)
    command -v unzip >/dev/null 2>&1 || { echo 'this host has no unzip' >&2; exit 1; }
    unzip -o -q "$archive" >&2 || exit 1
    ;;
  *) unpack -x >&2 || exit 1 ;;
esac
printf '%s\\n' "$names" | while IFS= read -r entry; do
  [ -n "$entry" ] || continue
  if [ -n "$owner" ]; then chown -h -- "$owner" "./$entry" || exit 1; fi
  if [ -n "$group" ]; then chgrp -h -- "$group" "./$entry" || exit 1; fi
done`,
)
