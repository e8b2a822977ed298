import { expandHome } from '../files/fragments.js'
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
  if [ "$packer" = cat ]; then tar "$@" -f "$archive"; return; fi
  # One word tells whether the program failed: a pipe's exit code is only tar's.
  { "$packer" -dc <"$archive" || echo 'cut short' >&2; } | tar "$@" -f -
}
`

/** The listing of an archive of the host as tar or unzip prints it, and the SHA-256 of all its regular files' content. */
export const listArchive = shellScript(
  'list-archive',
  'probe',
  ['src'],
  `${expandHome}TZ=UTC
export TZ
fs_expand "$src"
archive=$fs_path
[ -e "$archive" ] || { echo absent; exit 0; }
${tarFunction}
if [ "$packer" = zip ]; then
  list=$(unzip -l "$archive") || exit 1
  sum=$(unzip -p "$archive" 2>/dev/null | sha256sum) || exit 1
else
  set -- -tv
  case $(tar --version 2>/dev/null) in *GNU*) set -- --quoting-style=literal -tv ;; esac
  list=$(unpack "$@" 2>/dev/null) || { unpack "$@" >/dev/null; exit 1; }
  sum=$(unpack -x -O 2>/dev/null | sha256sum) || exit 1
fi
printf '%s\\n%s\\n%s\\n' "\${sum%% *}" "$packer" "$list"`,
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
  ['src', 'dest', 'sha', 'temp', 'names', 'owner', 'group', 'mode'],
  `${expandHome}
fs_expand "$src"
archive=$fs_path
trap '[ "$temp" != yes ] || rm -f -- "$archive"' EXIT
trap 'exit 143' HUP INT TERM
if [ -n "$sha" ]; then
  got=$(sha256sum <"$archive") || exit 1
  [ "\${got%% *}" = "$sha" ] || { echo 'the archive did not arrive whole' >&2; exit 1; }
fi
fs_expand "$dest"
dest=$fs_path
${tarFunction}
CDPATH='' cd -- "$dest" || exit 1
umask 022
if [ "$packer" = zip ]; then unzip -o -q "$archive" >&2 || exit 1; else unpack -x >&2 || exit 1; fi
printf '%s\\n' "$names" | while IFS= read -r entry; do
  [ -n "$entry" ] || continue
  if [ -n "$owner" ]; then chown -h -- "$owner" "./$entry" || exit 1; fi
  if [ -n "$group" ]; then chgrp -h -- "$group" "./$entry" || exit 1; fi
  if [ -n "$mode" ] && [ ! -L "./$entry" ]; then chmod -- "$mode" "./$entry" || exit 1; fi
done`,
)
