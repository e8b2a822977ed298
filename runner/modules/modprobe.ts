import { z } from 'zod'
import { linesOfAnswer } from './files/edit.js'
import type { FileAnswer } from './files/probe.js'
import { Reader } from './files/state.js'
import { applyTextFile, planTextFile, printText, readText, type TextFileWork } from './files/text-file.js'
import { type Change, defineModule } from './module.js'
import { mustRun } from './outcome.js'
import { name, text } from './schema.js'
import { shellScript } from './script.js'
import { withModule, withOptions } from './system/modules-load.js'

const args = z.strictObject({
  name: name.refine((v) => /^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(v), 'is not the name of a module'),
  state: z.enum(['present', 'absent']).default('present'),
  persistent: z
    .enum(['disabled', 'present', 'absent'])
    .default('disabled')
    .describe(
      '`present`: loaded at boot, with `params`, by NAME.conf in /etc/modules-load.d and /etc/modprobe.d. `absent`: no longer.',
    ),
  params: text
    .refine((v) => !/[\n\r]/.test(v), 'must be one line')
    .default('')
    .describe(
      'What the module is loaded with, in words: `numdummies=2`. One that is loaded keeps what it has.',
    ),
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
`

const probeScript = shellScript(
  'probe-modprobe',
  'probe',
  ['name', 'loads', 'options'],
  `${isThere}${printText}if there; then echo loaded; else echo missing; fi
fs_text "$loads"
fs_text "$options"`,
)

const applyScript = shellScript(
  'apply-modprobe',
  'apply',
  ['name', 'params', 'load', 'folders'],
  `PATH=$PATH:/usr/sbin:/sbin
umask 022
${isThere}case $load in
  load)
    # shellcheck disable=SC2086 # parameters are words
    said=$(modprobe -- "$name" $params 2>&1) || there || { printf '%s\\n' "$said" >&2; exit 1; }
    ;;
  unload) modprobe -r -- "$name" || exit 1 ;;
esac
# shellcheck disable=SC2086 # folders are words
if [ -n "$folders" ]; then mkdir -p $folders || exit 1; fi
exit 0`,
)

const filesOf = (module: string) => ({
  loads: `/etc/modules-load.d/${module}.conf`,
  options: `/etc/modprobe.d/${module}.conf`,
})

interface State {
  readonly loaded: boolean
  /** The files that load it at boot, and that say with what. */
  readonly loads: FileAnswer
  readonly options: FileAnswer
}
interface Work {
  readonly load: '' | 'load' | 'unload'
  readonly files: readonly TextFileWork[]
}

/** Modules of the kernel. */
export const modprobe = defineModule({
  name: 'modprobe',
  doc: {
    summary: 'Load a module of the kernel, now and at boot',
    description:
      'A feature that is built into the kernel counts as loaded, also where modprobe knows nothing of it. Other files in ' +
      '/etc/modules-load.d and /etc/modprobe.d are not looked at.',
    examples: [
      '- name: Bridges pass iptables\n  modprobe: { name: br_netfilter, persistent: present }',
      '- name: More loop devices, at every boot\n  modprobe: { name: loop, params: max_loop=64, persistent: present }',
    ],
  },
  args,
  readsAhead: true,
  async probe(host, args: Args): Promise<State> {
    const files = filesOf(args.name)
    const reader = new Reader((await host.query(probeScript({ name: args.name, ...files }))).stdout)
    const loaded = reader.must('state of the module') === 'loaded'
    return { loaded, loads: readText(reader, files.loads), options: readText(reader, files.options) }
  },
  diff(args, state): Change<Work> | undefined {
    const load = args.state === 'present' ? (state.loaded ? '' : 'load') : state.loaded ? 'unload' : ''
    const files = planFiles(args, state)
    if (load === '' && files.length === 0) return undefined
    const boot = args.persistent === 'present' ? 'load it at boot' : 'do not load it at boot'
    return {
      summary: [...(load === '' ? [] : [`${load} ${args.name}`]), ...(files.length === 0 ? [] : [boot])],
      differences: files.flatMap(({ differences = [] }) => differences),
      provides: load === 'load' ? ['*'] : [],
      data: { load, files: files.map(({ data }) => data) },
    }
  },
  async apply(host, args, { data }) {
    const { name: module, params } = args
    const folders = data.files.some((work) => 'file' in work) ? '/etc/modules-load.d /etc/modprobe.d' : ''
    if (data.load !== '' || folders !== '') {
      const doing = `${data.load || 'load'} the module ${module}`
      await mustRun(host, applyScript({ name: module, params, load: data.load, folders }), doing)
    }
    for (const work of data.files) await applyTextFile(host, work)
    return {}
  },
  result: (args) => ({ name: args.name, state: args.state, params: args.params }),
})

/** What the next boot lacks, or has too much of. */
function planFiles(args: Args, { loads, options }: State): Change<TextFileWork>[] {
  if (args.persistent === 'disabled') return []
  const present = args.persistent === 'present'
  const params = present ? args.params.split(/\s+/).filter((word) => word !== '') : []
  const wanted = [
    [loads, withModule(linesOfAnswer(loads).lines, args.name, present)],
    [options, withOptions(linesOfAnswer(options).lines, args.name, params)],
  ] as const
  return wanted.flatMap(([answer, after]) => {
    const before = linesOfAnswer(answer).lines
    if (after.length === before.length && after.every((line, at) => line === before[at])) return []
    const body = after.length === 0 ? undefined : after.map((line) => `${line}\n`).join('')
    return planTextFile({}, answer, body) ?? []
  })
}
