import type { FileState } from './state.js'

/** What a person asked of a file's SELinux context. `_default`: as the host's policy has it for the path. */
export interface WantedLabel {
  readonly seuser?: string | undefined
  readonly serole?: string | undefined
  readonly setype?: string | undefined
  readonly selevel?: string | undefined
}

const partsOf = (wanted: WantedLabel) => [wanted.seuser, wanted.serole, wanted.setype, wanted.selevel]

/** Whether the policy's context must be known to tell what would change. */
export const asksPolicy = (wanted: WantedLabel): boolean => partsOf(wanted).includes('_default')

/** A context as its four parts; the level may hold colons. */
const split = (context: string | undefined) => {
  const [user, role, type, ...level] = (context ?? '').split(':')
  return [user, role, type, level.join(':')]
}

/**
 * The parts of the context that are to be set, as `user:role:type:level` with what stays left out, or '' for none. On a host
 * without SELinux nothing is, as in Ansible.
 */
export function labelAfter(
  wanted: WantedLabel,
  state: Pick<FileState, 'kind' | 'context' | 'policy'>,
): { label: string; phrases: string[] } {
  const parts = partsOf(wanted)
  // Something new gets the policy's context anyway.
  if (state.kind === 'absent')
    return { label: join(parts.map((part) => (part === '_default' ? '' : part))), phrases: [] }
  if (state.context === undefined) return { label: '', phrases: [] }
  const [now, policy] = [split(state.context), split(state.policy)]
  const goal = parts.map((part, at) => (part === '_default' ? policy[at] : part))
  const label = join(goal.map((part, at) => (part === now[at] ? '' : part)))
  if (label === '') return { label, phrases: [] }
  const after = now.map((part, at) => goal[at] || part).join(':')
  return { label, phrases: [`context ${state.context} → ${after}`] }
}

/** All parts that were asked for, whatever is there. */
export const wholeLabel = (wanted: WantedLabel): string => join(partsOf(wanted))

const join = (parts: readonly (string | undefined)[]) =>
  parts.some((part) => part) ? parts.map((part) => part ?? '').join(':') : ''

/** sh: sets fs_selinux: `yes` where the kernel has SELinux. Where it has none, what is below costs no process and does nothing. */
const findSelinux = `fs_selinux=no
if [ -e /sys/fs/selinux/enforce ]; then
  fs_selinux=yes
  PATH=$PATH:/usr/sbin:/sbin
fi
`

/**
 * `fs_context PATH FOLLOW`: prints the context as files/state.ts reads it, and with fs_policy `yes` the policy's, too.
 * `matchpathcon` is on every host with SELinux.
 */
export const contextFunction = `${findSelinux}fs_policy=no
fs_context() {
  [ "$fs_selinux" = yes ] || return 0
  if [ "$2" = yes ]; then printf 'context=%s\\n' "$(stat -L -c %C -- "$1" 2>/dev/null)"
  else printf 'context=%s\\n' "$(stat -c %C -- "$1" 2>/dev/null)"
  fi
  [ "$fs_policy" = yes ] || return 0
  fs_default=$(matchpathcon -n -- "$1") || exit 1
  printf 'policy=%s\\n' "$fs_default"
}
`

/**
 * - `fs_new FILE PLACE KIND`: FILE, which is or will be PLACE, gets the context that the policy has for something of that kind
 *   (file, dir, lnk_file) there. Where a file system has no contexts it goes without.
 * - `fs_keep FILE PLACE KIND`: FILE, which will be PLACE, gets the context of what is there now, or else that of something new.
 */
export const keepContext = `${findSelinux}fs_new() {
  [ "$fs_selinux" = yes ] || return 0
  fs_default=$(matchpathcon -m "$3" -n -- "$2" 2>/dev/null) || return 0
  case $fs_default in *:*) chcon -h -- "$fs_default" "$1" 2>/dev/null || : ;; esac
}
fs_keep() {
  [ "$fs_selinux" = yes ] || return 0
  if [ -e "$2" ] && [ ! -L "$2" ]; then chcon -h --reference="$2" -- "$1"; else fs_new "$1" "$2" "$3"; fi
}
`

/** `fs_relabel CHCON-WORDS…`: sets the parts in `$label`. */
export const setContext = `${findSelinux}fs_relabel() {
  if [ "$fs_selinux" = no ] || [ -z "$label" ]; then return 0; fi
  fs_rest=$label
  for fs_flag in u r t; do
    fs_part=\${fs_rest%%:*}
    fs_rest=\${fs_rest#*:}
    [ -z "$fs_part" ] || set -- "-$fs_flag" "$fs_part" "$@"
  done
  [ -z "$fs_rest" ] || set -- -l "$fs_rest" "$@"
  chcon "$@"
}
`
