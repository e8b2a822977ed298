import { z } from 'zod'
import { applyFile } from './files/apply.js'
import { linesOfAnswer, planText } from './files/edit.js'
import { findPath } from './files/fragments.js'
import { keepContext } from './files/label.js'
import { tellFull } from './files/leftovers.js'
import type { FileWork } from './files/plan.js'
import { type FileAnswer, probeFile } from './files/probe.js'
import { type Change, defineModule } from './module.js'
import { mustRun } from './outcome.js'
import { bool, name, path } from './schema.js'
import { shellScript } from './script.js'
import { addSwapLine, readSwapState, type SwapState, stopSwapLines } from './system/swap.js'

const args = z
  .strictObject({
    state: z
      .enum(['present', 'absent'])
      .describe('`absent`: nothing is swapped to, now and after a boot. `present`: there is a swap file.'),
    path: path
      .refine((v) => /^\/[^\s"\\]+$/.test(v), 'must be an absolute path without spaces')
      .default('/swapfile')
      .describe('The swap file, with `present`.'),
    size: name
      .refine((v) => /^\d{1,7}[MG]$/.test(v), 'must be MiB or GiB: 512M, 2G')
      .optional()
      .describe('Of the swap file: `2G`, `512M`. One of another size is made anew.'),
    remove_lines: bool
      .default(false)
      .describe('With `absent`: lines of fstab go; without it they are commented out.'),
    mask: bool
      .default(true)
      .describe('With `absent`: what systemd would swap to by itself (zram, GPT partitions) is masked.'),
    fstab: path.default('/etc/fstab'),
    backup: bool.default(false).describe('Keep the old fstab beside it.'),
  })
  .superRefine((value, context) => {
    if (value.state === 'present' && value.size === undefined)
      context.addIssue({ code: 'custom', message: 'is needed', path: ['size'] })
  })

type Args = z.output<typeof args>

// Units that a generator made of a line in fstab go with the line; zram-generator and systemd-gpt-auto-generator have no line.
const probeScript = shellScript(
  'probe-swap',
  'probe',
  ['path'],
  `${findPath}cat /proc/swaps || exit 1
if fs_find "$path"; then
  size=$(stat -L -c %s -- "$path") || exit 1
  echo "file $size"
fi
command -v systemctl >/dev/null 2>&1 || exit 0
systemctl list-units --all --no-legend --plain --type=swap 2>/dev/null | while read -r unit _; do
  case $(systemctl show -p FragmentPath,SourcePath -- "$unit") in
    *zram* | *gpt-auto*) echo "unit $unit" ;;
    *) [ "$(systemctl show -p SourcePath --value -- "$unit")" = /etc/fstab ] || echo "unit $unit" ;;
  esac
done
for unit in zramswap.service zram-config.service dphys-swapfile.service; do
  case $(systemctl is-enabled -- "$unit" 2>/dev/null) in
    enabled | static | generated | alias) echo "unit $unit" ;;
  esac
done
for conf in /usr/lib/systemd/zram-generator.conf /usr/lib/systemd/zram-generator.conf.d/*.conf /etc/systemd/zram-generator.conf; do
  if [ -s "$conf" ] && [ ! -L /etc/systemd/system/systemd-zram-setup@zram0.service ]; then
    echo 'unit systemd-zram-setup@zram0.service'
    break
  fi
done`,
)

const offScript = shellScript(
  'apply-swap-off',
  'apply',
  ['units'],
  `PATH=$PATH:/usr/sbin:/sbin
eval "set -- $units"
for unit in "$@"; do
  systemctl stop -- "$unit" >/dev/null 2>&1 || :
  systemctl mask -- "$unit" >&2 || exit 1
done
swapoff -a || exit 1
if sed 1d /proc/swaps | grep . >&2; then
  echo 'is still swapped to' >&2
  exit 1
fi
command -v systemctl >/dev/null 2>&1 && [ -d /run/systemd/system ] && systemctl daemon-reload
exit 0`,
)

// Written, not only allocated: a swap file must have no holes. Btrfs needs its copies switched off before the first byte.
const onScript = shellScript(
  'apply-swap-on',
  'apply',
  ['path', 'mib', 'make'],
  `${keepContext}${tellFull}PATH=$PATH:/usr/sbin:/sbin
umask 077
if [ "$make" = yes ]; then
  temp=$path.tsplay
  trap 'rm -f -- "$temp"' EXIT
  trap 'exit 143' HUP INT TERM
  rm -f -- "$temp" && : >"$temp" || exit 1
  chattr +C -- "$temp" 2>/dev/null || :
  dd if=/dev/zero of="$temp" bs=1048576 count="$mib" 2>/dev/null || fs_unwritten "$temp" "\${path%/*}/"
  chmod 600 -- "$temp" && mkswap "$temp" >/dev/null || exit 1
  fs_new "$temp" "$path" file
  # Only now: what could not be made leaves the old one in use.
  swapoff -- "$path" 2>/dev/null || :
  mv -f -- "$temp" "$path" || exit 1
fi
swapon -- "$path"`,
)

interface Work {
  readonly file?: FileWork
  readonly off?: readonly string[]
  readonly on?: { readonly make: boolean }
}

const mibOf = (size: string) => Number.parseInt(size, 10) * (size.endsWith('G') ? 1024 : 1)

/** Swap: none at all, or a file. */
export const swap = defineModule({
  name: 'swap',
  doc: {
    summary: 'Turn swap off for good, or keep a swap file',
    description:
      'The kubelet wants none. `absent` swaps everything back, comments out the lines of fstab, and masks the units that ' +
      'systemd has without a line there. `present` makes the file, turns it on and keeps it in fstab.',
    examples: [
      '- name: No swap\n  swap: { state: absent }',
      '- name: A swap file\n  swap: { state: present, size: 2G }',
    ],
  },
  args,
  async probe(host, args: Args): Promise<{ answer: FileAnswer; swap: SwapState }> {
    const [answer, { stdout }] = await Promise.all([
      probeFile(host, { path: args.fstab, follow: true, contentLimit: 1024 * 1024 }),
      host.query(probeScript({ path: args.path })),
    ])
    return { answer, swap: readSwapState(stdout.toString('utf8')) }
  },
  diff(args, { answer, swap }): Change<Work> | undefined {
    const { lines } = linesOfAnswer(answer)
    const after =
      args.state === 'absent' ? stopSwapLines(lines, args.remove_lines) : addSwapLine(lines, args.path)
    const body = after.map((line) => `${line}\n`).join('')
    const file = after === lines ? undefined : planText({ backup: args.backup }, answer, body)
    const work = args.state === 'absent' ? planOff(args, swap) : planOn(args, swap)
    if (!file && !work) return undefined
    return {
      summary: [...(file?.summary ?? []), ...(work?.summary ?? [])],
      differences: [
        ...(file?.differences ?? []),
        ...(work
          ? [
              {
                subject: 'swap',
                before: listOf(swap),
                after: args.state === 'absent' ? '' : `${args.path}\n`,
              },
            ]
          : []),
      ],
      data: { ...(file ? { file: file.data } : {}), ...work?.data },
    }
  },
  async apply(host, args, { data }) {
    if (data.on) {
      const values = { path: args.path, mib: `${mibOf(args.size!)}`, make: data.on.make ? 'yes' : 'no' }
      await mustRun(host, { ...onScript(values), timeoutMs: 30 * 60_000 }, `swap to ${args.path}`)
    }
    const saved = data.file ? await applyFile(host, data.file) : {}
    if (data.off) {
      const units = data.off.join(' ')
      await mustRun(host, { ...offScript({ units }), timeoutMs: 30 * 60_000 }, 'turn swap off')
    }
    return 'backup_file' in saved ? { backup_file: saved.backup_file } : {}
  },
  result: (_args, { swap }) => ({ active: swap.active.length > 0, swaps: swap.active }),
})

const listOf = (swap: SwapState) => swap.active.map((one) => `${one.path}\n`).join('')

function planOff(
  { mask }: Args,
  { active, units }: SwapState,
): { summary: string[]; data: Work } | undefined {
  const masked = mask ? units : []
  if (active.length === 0 && masked.length === 0) return undefined
  const summary = [...active.map((one) => `swap ${one.path} off`), ...masked.map((unit) => `mask ${unit}`)]
  return { summary, data: { off: masked } }
}

function planOn(args: Args, { active, fileBytes }: SwapState): { summary: string[]; data: Work } | undefined {
  const make = fileBytes !== mibOf(args.size!) * 1024 * 1024
  const on = active.some((one) => one.path === args.path)
  if (on && !make) return undefined
  const summary = [...(make ? [`make ${args.path} (${args.size})`] : []), `swap to ${args.path}`]
  return { summary, data: { on: { make } } }
}
