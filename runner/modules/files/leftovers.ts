/**
 * `fs_sweep FOLDER`: removes what a writer that was cut off (the power failed, its shell was killed) has left beside its
 * target, if it is an hour old: nobody writes to it any more. Costs no process where there is nothing.
 */
export const sweepLeftovers = `fs_sweep() {
  for fs_old in "$1"/.tsplay.*; do
    if [ -e "$fs_old" ]; then
      find "$fs_old" -prune -user "$(id -u)" -mmin +60 -exec rm -rf -- {} + 2>/dev/null || :
    fi
  done
}
`

/**
 * `fs_why FILE`: why no more can be written to a file, in the system's words (\`No space left on device\`, \`Disk quota
 * exceeded\`); nothing if it can. Not every shell’s printf, not every curl and not busybox’s head tells. `fs_unwritten FILE FOLDER` ends the
 * script with it.
 */
export const tellFull = `fs_why() {
  fs_said=$(head -c 1048576 /dev/zero 2>/dev/null | cat 2>&1 >>"$1") && return 0
  printf '%s' "\${fs_said##*: }"
}
fs_unwritten() {
  fs_reason=$(fs_why "$1")
  printf '%s\\n' "could not write to $2\${fs_reason:+: $fs_reason}" >&2
  exit 1
}
`
