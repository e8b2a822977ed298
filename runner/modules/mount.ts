import { z } from 'zod'
import { applyFile } from './files/apply.js'
import { linesOfAnswer, planText } from './files/edit.js'
import type { FileWork } from './files/plan.js'
import { type FileAnswer, probeFile } from './files/probe.js'
import { type Change, defineModule } from './module.js'
import { mustRun } from './outcome.js'
import { bool, int, path, text } from './schema.js'
import { shellScript } from './script.js'
import { editFstab, type MountPoint, readMounts } from './system/fstab.js'

const args = z
  .strictObject({
    path: path
      .refine((v) => v.startsWith('/') && v !== '/', 'must be an absolute path, and not /')
      .describe('Where it is mounted; the folder is made.'),
    src: text.optional().describe('What is mounted: a device, `UUID=…`, `server:/path`.'),
    fstype: text.refine((v) => /^[A-Za-z0-9_.-]+$/.test(v), 'is not a kind of file system').optional(),
    opts: text
      .refine((v) => /^\S+$/.test(v), 'must have no spaces')
      .default('defaults')
      .describe('Options, with commas.'),
    dump: int.default(0),
    passno: int.default(0),
    state: z
      .enum(['mounted', 'present', 'unmounted', 'absent', 'absent_from_fstab', 'remounted', 'ephemeral'])
      .describe(
        '`mounted`: now and at boot. `present`: only in fstab. `unmounted`: not now, fstab stays. `absent`: neither, and the ' +
          'empty folder goes. `ephemeral`: now, and not in fstab. `remounted`: once more.',
      ),
    boot: bool.default(true).describe('false adds noauto.'),
    fstab: path.default('/etc/fstab'),
    backup: bool.default(false).describe('Keep the old fstab beside it.'),
  })
  .superRefine((value, context) => {
    const needs = value.state === 'mounted' || value.state === 'present' || value.state === 'ephemeral'
    for (const key of ['src', 'fstype'] as const)
      if (needs && value[key] === undefined)
        context.addIssue({ code: 'custom', message: `is needed with state: ${value.state}`, path: [key] })
  })

type Args = z.output<typeof args>

const mountsScript = shellScript('probe-mounts', 'probe', [], 'cat /proc/mounts')

const applyScript = shellScript(
  'apply-mount',
  'apply',
  ['path', 'src', 'fstype', 'opts', 'step'],
  `PATH=$PATH:/usr/sbin:/sbin
umask 022
case $step in
  mount)
    mkdir -p -- "$path" || exit 1
    mount -t "$fstype" -o "$opts" -- "$src" "$path" || exit 1
    ;;
  remount) mount -o "remount,$opts" -- "$path" || exit 1 ;;
  unmount) umount -- "$path" || exit 1 ;;
  unmount-remove)
    umount -- "$path" || exit 1
    rmdir -- "$path" 2>/dev/null || :
    ;;
esac`,
)

interface State {
  readonly answer: FileAnswer
  readonly mounted: MountPoint | undefined
}
interface Work {
  readonly file?: FileWork
  readonly step: string
}

/** File systems, now and at boot. */
export const mount = defineModule({
  name: 'mount',
  doc: {
    summary: 'Mount a file system, now and at boot',
    description:
      'What is mounted is compared by its source and kind. Where its line in fstab is another, `mounted` mounts it anew ' +
      'with its options; `remounted` does so every time.',
    examples: [
      '- name: The data of k3s\n  mount: { path: /var/lib/rancher, src: UUID=1c2d, fstype: ext4, state: mounted }',
      '- name: No swap partition at boot\n  mount: { path: /mnt/old, state: absent }',
    ],
  },
  args,
  aliases: { name: 'path' },
  readsAhead: true,
  async probe(host, args: Args): Promise<State> {
    const [answer, { stdout }] = await Promise.all([
      probeFile(host, { path: args.fstab, follow: true, contentLimit: 1024 * 1024 }),
      host.query(mountsScript({})),
    ])
    const mounted = readMounts(stdout.toString('utf8')).findLast((one) => one.path === placeOf(args))
    return { answer, mounted }
  },
  diff(args, state): Change<Work> | undefined {
    const file = planFstab(args, state.answer)
    const step = stepFor(args, state.mounted, file !== undefined)
    if (!file && step === '') return undefined
    const word = { mount: 'mount', remount: 'remount' }[step] ?? 'unmount'
    return {
      summary: [...(file?.summary ?? []), ...(step === '' ? [] : [`${word} ${args.path}`])],
      differences: file?.differences ?? [],
      provides: [...(file?.provides ?? []), ...(word === 'unmount' ? [] : ['*'])],
      data: { step, ...(file ? { file: file.data } : {}) },
    }
  },
  async apply(host, args, { data }) {
    const { src = '', fstype = '' } = args
    const values = { path: placeOf(args), src, fstype, opts: optsOf(args), step: data.step }
    const act = () => mustRun(host, applyScript(values), `${data.step} ${args.path}`)
    // What could not be mounted anew shall differ from fstab in the next run, too.
    if (data.step === 'remount') await act()
    const saved = data.file ? await applyFile(host, data.file) : {}
    if (data.step !== '' && data.step !== 'remount') await act()
    return 'backup_file' in saved ? { backup_file: saved.backup_file } : {}
  },
  result: (args, { mounted }) => ({
    name: args.path,
    src: args.src ?? mounted?.src ?? null,
    fstype: args.fstype ?? mounted?.fstype ?? null,
    opts: args.opts,
    fstab: args.fstab,
  }),
})

const placeOf = ({ path }: Args) => path.replace(/\/+$/, '')
const optsOf = ({ opts, boot }: Args) =>
  boot || opts.split(',').includes('noauto') ? opts : `${opts},noauto`

function planFstab(args: Args, answer: FileAnswer): Change<FileWork> | undefined {
  const { state, src = '', fstype = '', dump, passno } = args
  if (state === 'unmounted' || state === 'remounted' || state === 'ephemeral') return undefined
  const { lines } = linesOfAnswer(answer)
  const entry =
    state === 'mounted' || state === 'present'
      ? { src, path: placeOf(args), fstype, opts: optsOf(args), dump: `${dump}`, passno: `${passno}` }
      : undefined
  const after = editFstab(lines, placeOf(args), entry)
  if (after === lines) return undefined
  return planText({ backup: args.backup }, answer, after.map((line) => `${line}\n`).join(''))
}

function stepFor(args: Args, mounted: MountPoint | undefined, differs: boolean): string {
  switch (args.state) {
    case 'mounted':
    case 'ephemeral':
      if (!mounted || !isSame(args, mounted)) return 'mount'
      return differs ? 'remount' : ''
    case 'remounted':
      return mounted ? 'remount' : 'mount'
    case 'unmounted':
      return mounted ? 'unmount' : ''
    case 'absent':
      return mounted ? 'unmount-remove' : ''
    default:
      return ''
  }
}

/** A bind mount shows what lies below, and UUID=… and links are other names of a device: those count as the same. */
function isSame({ src, fstype, opts }: Args, mounted: MountPoint): boolean {
  if (opts.split(',').some((opt) => opt === 'bind' || opt === 'rbind')) return true
  const comparable = src !== undefined && !/^(UUID|LABEL|PARTUUID|PARTLABEL|ID)=|^\/dev\//.test(src)
  if (comparable && mounted.src !== src) return false
  return fstype === 'auto' || mounted.fstype === fstype
}
