import { contextFunction } from './label.js'

/**
 * Pieces of sh that the file scripts share. Each defines functions; a piece's own variables begin with `fs_`.
 * `stat -c`, `mktemp`, `sha256sum` and `readlink` are in coreutils and busybox alike.
 */

/** `fs_expand PATH`: sets fs_path, with `~/` as the home of the user that runs the script. Messages are in English. */
export const expandHome = `LC_ALL=C
export LC_ALL
fs_expand() {
  # shellcheck disable=SC2088 # the tilde itself is meant
  case $1 in
    '~' | '~/'*) fs_path=\${HOME:?}\${1#?} ;;
    *) fs_path=$1 ;;
  esac
}
`

/**
 * `fs_find PATH`: 0 when something is there (a dangling link too). Otherwise 1, with fs_parent yes or no: is the folder
 * it would stand in there? Where it cannot be told, because a folder may not be searched, the script ends with a
 * message: what cannot be seen is not absent.
 */
export const findPath = `# shellcheck disable=SC2034 # not every script reads fs_parent
fs_find() {
  if [ -e "$1" ] || [ -L "$1" ]; then return 0; fi
  fs_parent=yes
  fs_dir=\${1%/*}
  until [ -d "\${fs_dir:-/}" ]; do
    if [ -e "$fs_dir" ] || [ -L "$fs_dir" ]; then
      printf '%s\\n' "not a directory: $fs_dir" >&2
      exit 1
    fi
    fs_parent=no
    fs_dir=\${fs_dir%/*}
  done
  [ -x "\${fs_dir:-/}" ] && return 1
  printf '%s\\n' "permission denied: \${fs_dir:-/}" >&2
  exit 1
}
`

/**
 * `fs_quick FILE`: sets fs_sum to the SHA-256, by openssl where the host has it: it uses what processors have for that, which
 * `sha256sum` of most distributions does not, and reads a k3s binary in a fifth of the time. To start it takes longer. Otherwise
 * fs_sum is ''.
 */
const quickSum = `fs_quick() {
  fs_sum=''
  command -v openssl >/dev/null 2>&1 || return 0
  fs_sum=$(openssl dgst -sha256 -r "$1" 2>/dev/null) || fs_sum=''
  fs_sum=\${fs_sum%% *}
}
`

/**
 * `fs_state PATH FOLLOW HASH`: prints what is there, as files/state.ts reads it. HASH yes: with the SHA-256 of a regular
 * file, which is then also in fs_sha; shown: without that, which saves the host a process. fs_file tells whether it is one.
 * With fs_large `yes` the file is probably a large one. What `stat` and `sha256sum` have said of the path already may stand in
 * fs_stat and fs_sum, for the next use alone.
 */
export const printState = `${contextFunction}${quickSum}fs_format='there
%f %a %u %g %s %Y %h %i %d %X %Z
%U
%G'
fs_stat=''
fs_sum=''
fs_large=no
fs_state() {
  fs_sha=''
  fs_file=no
  if ! fs_find "$1"; then
    printf 'absent\\nparent=%s\\n\\n' "$fs_parent"
    return 0
  fi
  if [ -n "$fs_stat" ]; then
    printf '%s\\n' "$fs_stat"
    fs_stat=''
  elif [ "$2" = yes ] && [ -e "$1" ]; then
    stat -L -c "$fs_format" -- "$1" || exit 1
  else
    stat -c "$fs_format" -- "$1" || exit 1
  fi
  if [ -f "$1" ] && { [ "$2" = yes ] || [ ! -L "$1" ]; }; then fs_file=yes; fi
  case $fs_large:$fs_file:$3 in
    yes:yes:no) ;;
    yes:yes:*) fs_quick "$1" ;;
  esac
  case $fs_file:$3:$fs_sum in
    yes:no:* | no:*) ;;
    yes:*:?*)
      fs_sha=$fs_sum
      fs_sum=''
      printf '%s  -\\n' "$fs_sha"
      ;;
    yes:shown:) sha256sum <"$1" || exit 1 ;;
    yes:yes:)
      fs_sha=$(sha256sum <"$1") || exit 1
      printf '%s\\n' "$fs_sha"
      fs_sha=\${fs_sha%% *}
      ;;
  esac
  if [ -L "$1" ]; then
    readlink -- "$1" | sed '1s/^/link=/;2,$s/^/more=/' || exit 1
    [ -d "$1" ] && printf 'todir\\n'
  fi
  fs_context "$1" "$2"
  printf '\\n'
}
`
