import { shellScript } from '../script.js'
import { expandHome, findPath, printState } from './fragments.js'
import { keepContext, setContext } from './label.js'
import { lookTogether, type PathLook } from './look.js'

const files = `${expandHome}${findPath}${printState}`

const vars = ['path', 'src', 'recurse', 'policy'] as const

const pathLook: PathLook = {
  vars,
  place: `fs_policy=$policy
fs_expand "$path"
path=$fs_path
[ "$path" = / ] || path=\${path%/}`,
  tell: `printf '%s\\n' "\${HOME-}"
fs_state "$path" no no
if [ -L "$path" ]; then fs_state "$path" yes no; fi
if [ -n "$src" ]; then
  fs_expand "$src"
  case $fs_path in
    /*) ;;
    *) fs_path=\${path%/*}/$fs_path ;;
  esac
  fs_state "$fs_path" yes no
fi
if [ "$recurse" = yes ] && [ -d "$path" ]; then
  below='%f %u %g %U %G'
  if [ "$fs_selinux" = yes ]; then below="$below %C"; fi
  below=$(find "$path/" -exec stat -c "$below" -- {} +) || exit 1
  printf '%s\\n' "$below" | sort -u
fi`,
}

const lookAtPath = shellScript(
  'probe-path',
  'probe',
  vars,
  `${files}
${pathLook.place}
${pathLook.tell}`,
)

const together = lookTogether('probe-paths', pathLook)

/**
 * What stands at a path, where it is a link what that leads to, what the source is, and the different modes and owners below it. `src`
 * is relative to the folder of the link.
 */
export const probePath: typeof lookAtPath = (values) => ({ ...lookAtPath(values), together })

const own = `own() {
  if [ -n "$owner" ]; then chown -h -- "$owner" "$1" || exit 1; fi
  if [ -n "$group" ]; then chgrp -h -- "$group" "$1" || exit 1; fi
}
`

/** A folder with the parents it lacks; all of them get the owner, mode and context, as in Ansible. */
export const makeDirectory = shellScript(
  'make-directory',
  'apply',
  ['path', 'mode', 'owner', 'group', 'label'],
  `${files}${keepContext}${setContext}${own}
umask 077
make() {
  [ -d "\${1:-/}" ] && return 0
  make "\${1%/*}"
  mkdir -- "$1" || exit 1
  fs_new "$1" "$1" dir
  own "$1"
  chmod -- "$mode" "$1" || exit 1
  fs_relabel -- "$1" || exit 1
}
fs_expand "$path"
make "$fs_path"
fs_state "$fs_path" yes no`,
)

/**
 * Owner, group, mode and context of everything below a folder. Symbolic links keep their mode and are not followed. `modes` holds
 * lines of `d` or `f`, the old mode and the new: chmod programs do not agree about symbolic ones.
 */
export const setBelow = shellScript(
  'set-below',
  'apply',
  ['path', 'modes', 'owner', 'group', 'label'],
  `${files}${setContext}
fs_expand "$path"
path=$fs_path
if [ -n "$owner" ]; then find "$path/" -exec chown -h -- "$owner" {} + || exit 1; fi
if [ -n "$group" ]; then find "$path/" -exec chgrp -h -- "$group" {} + || exit 1; fi
printf '%s\\n' "$modes" | while read -r kind old new; do
  case $kind in
    d) find "$path/" -type d -perm "$old" -exec chmod -- "$new" {} + || exit 1 ;;
    f) find "$path/" ! -type d ! -type l -perm "$old" -exec chmod -- "$new" {} + || exit 1 ;;
  esac
done || exit 1
fs_relabel -h -R -- "$path/" || exit 1
fs_state "$path" yes no`,
)

/** Whatever it is, a folder with all that is in it. A link is removed, not what it leads to. */
export const removePath = shellScript(
  'remove-path',
  'apply',
  ['path'],
  `${expandHome}
fs_expand "$path"
case $fs_path in
  /) echo 'refusing to remove /' >&2; exit 1 ;;
esac
rm -rf -- "$fs_path"`,
)

/** An empty file, or new times for one that is there. */
export const touchPath = shellScript(
  'touch-path',
  'apply',
  ['path', 'mode', 'owner', 'group', 'label', 'times'],
  `${files}${keepContext}${setContext}${own}
fs_expand "$path"
path=$fs_path
if [ -e "$path" ]; then
  if [ "$times" = now ]; then touch -c -- "$path" || exit 1; fi
else
  umask 077
  set -C
  : >"$path" || exit 1
  fs_new "$path" "$path" file
fi
own "$path"
chmod -- "$mode" "$path" || exit 1
fs_relabel -- "$path" || exit 1
fs_state "$path" yes no`,
)

/** A symbolic or hard link, made beside its place and renamed onto it. */
export const makeLink = shellScript(
  'make-link',
  'apply',
  ['path', 'src', 'kind', 'force', 'owner', 'group', 'label'],
  `${files}${keepContext}${setContext}${own}
fs_temp=''
trap '[ -z "$fs_temp" ] || rm -f -- "$fs_temp"' EXIT
trap 'exit 143' HUP INT TERM
fs_expand "$path"
path=$fs_path
fs_expand "$src"
src=$fs_path
case $src in
  /*) real=$src ;;
  *) real=\${path%/*}/$src ;;
esac
if [ "$force" != yes ] && [ ! -e "$real" ]; then
  printf '%s\\n' "nothing is at $real; force: true makes a link to nothing" >&2
  exit 1
fi
if [ -d "$path" ] && [ ! -L "$path" ]; then printf '%s\\n' "is a directory: $path" >&2; exit 1; fi
name=$(mktemp -u "\${path%/*}/.tsplay.XXXXXX") || exit 1
if [ "$kind" = hard ]; then ln -- "$real" "$name" || exit 1; else ln -s -- "$src" "$name" || exit 1; fi
fs_temp=$name
own "$name"
if [ "$kind" != hard ]; then fs_keep "$name" "$path" lnk_file || exit 1; fi
fs_relabel -h -- "$name" || exit 1
# A rename onto a link to a folder would move into that folder.
if [ -L "$path" ] && [ -d "$path" ]; then rm -f -- "$path" || exit 1; fi
mv -f -- "$name" "$path" || exit 1
fs_temp=''
fs_state "$path" no no`,
)
