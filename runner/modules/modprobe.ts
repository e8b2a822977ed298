import { z } from 'zod'
import { tellFull } from './files/leftovers.js'
import { defineModule } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { name, text } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({
  name: name.refine((v) => /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(v), 'is not the name of a module'),
  state: z.enum(['present', 'absent']).default('present'),
  persistent: z.enum(['disabled', 'present', 'absent']).default('disabled').describe('Load it at boot.'),
  params: text.default(''),
})

type Args = z.output<typeof args>

/**
 * A module that is built into the kernel cannot be loaded and need not be; some have no trace in /sys/module, and are known
 * by what they bring.
 */
const isThere = `there() {
  under=$(printf '%s' "$name" | tr - _)
  dash=$(printf '%s' "$name" | tr _ -)
  [ -d "/sys/module/$under" ] && return 0
  grep -q "^$under " /proc/modules 2>/dev/null && return 0
  grep -Eq "/($under|$dash)\\\\.ko" "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null && return 0
  case $under in
    br_netfilter) [ -d /proc/sys/net/bridge ] ;;
    overlay | fuse | nfs | btrfs | xfs) grep -Eq "(^|[[:space:]])$under\\$" /proc/filesystems ;;
    nf_conntrack) [ -e /proc/sys/net/netfilter/nf_conntrack_max ] ;;
    ip_tables | iptable_nat | iptable_filter) [ -e /proc/net/ip_tables_names ] ;;
    vxlan | dummy | wireguard) ip link help "$under" >/dev/null 2>&1 && ip link show type "$under" >/dev/null 2>&1 ;;
    *) false ;;
  esac
}
file=/etc/modules-load.d/$name.conf
`

const probeScript = shellScript(
  'probe-modprobe',
  'probe',
  ['name'],
  `${isThere}if there; then echo loaded; else echo missing; fi
if [ -e "$file" ] && grep -Eq "^[[:space:]]*\${name}[[:space:]]*$" "$file"; then echo persistent; fi
exit 0`,
)

const applyScript = shellScript(
  'apply-modprobe',
  'apply',
  ['name', 'params', 'load', 'persist'],
  `${tellFull}PATH=$PATH:/usr/sbin:/sbin
${isThere}case $load in
  load)
    # shellcheck disable=SC2086 # parameters are words
    said=$(modprobe -- "$name" $params 2>&1) || there || { printf '%s\\n' "$said" >&2; exit 1; }
    ;;
  unload) modprobe -r -- "$name" || exit 1 ;;
esac
case $persist in
  add)
    umask 022
    mkdir -p /etc/modules-load.d || exit 1
    temp=$(mktemp /etc/modules-load.d/.tsplay.XXXXXX) || exit 1
    trap 'rm -f -- "$temp"' EXIT
    printf '%s\\n' "$name" >"$temp" || fs_unwritten "$temp" /etc/modules-load.d
    chmod 644 "$temp" && mv -f -- "$temp" "$file" || exit 1
    ;;
  remove) rm -f -- "$file" || exit 1 ;;
esac
exit 0`,
)

/** Modules of the kernel. */
export const modprobe = defineModule({
  name: 'modprobe',
  doc: {
    summary: 'Load a module of the kernel, now and at boot',
    description:
      'A feature that is built into the kernel counts as loaded, also where modprobe knows nothing of it.',
    examples: ['- name: Bridges pass iptables\n  modprobe: { name: br_netfilter, persistent: present }'],
  },
  args,
  async probe(host, args: Args) {
    const said = outputText((await host.query(probeScript({ name: args.name }))).stdout).split('\n')
    return { loaded: said.includes('loaded'), persistent: said.includes('persistent') }
  },
  diff(args, { loaded, persistent }) {
    const load = args.state === 'present' ? (loaded ? '' : 'load') : loaded ? 'unload' : ''
    const persist =
      args.persistent === 'present' && !persistent
        ? 'add'
        : args.persistent === 'absent' && persistent
          ? 'remove'
          : ''
    if (load === '' && persist === '') return undefined
    const phrases = [
      load === '' ? '' : `${load} ${args.name}`,
      persist === '' ? '' : persist === 'add' ? 'load it at boot' : 'do not load it at boot',
    ]
    return {
      summary: phrases.filter((phrase) => phrase !== ''),
      provides: load === 'load' ? ['*'] : [],
      data: { load, persist },
    }
  },
  async apply(host, args, { data }) {
    await mustRun(
      host,
      applyScript({ name: args.name, params: args.params, ...data }),
      `load the module ${args.name}`,
    )
    return {}
  },
  result: (args) => ({ name: args.name, state: args.state, params: args.params }),
})
