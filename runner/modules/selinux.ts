import { z } from 'zod'
import { applyFile } from './files/apply.js'
import { linesOfAnswer, planText } from './files/edit.js'
import type { FileWork } from './files/plan.js'
import { type FileAnswer, probeFile } from './files/probe.js'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun } from './outcome.js'
import { name, path } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({
  state: z.enum(['enforcing', 'permissive', 'disabled']),
  policy: name
    .refine((v) => /^[A-Za-z0-9_-]+$/.test(v), 'is not the name of a policy')
    .optional()
    .describe('`targeted`; without it, as it is.'),
  configfile: path.default('/etc/selinux/config'),
})

type Args = z.output<typeof args>

const probeScript = shellScript(
  'probe-selinux',
  'probe',
  ['root'],
  `if [ -e "$root/enforce" ]; then echo "enforce $(cat "$root/enforce")" || exit 1; fi`,
)

const setScript = shellScript(
  'apply-selinux',
  'apply',
  ['value'],
  `PATH=$PATH:/usr/sbin:/sbin
setenforce "$value"`,
)

interface State {
  readonly answer: FileAnswer
  readonly now: 'enforcing' | 'permissive' | 'disabled'
}

interface Work {
  readonly file?: FileWork
  /** 1, 0, or nothing to set now. */
  readonly enforce: string
}

/** The lines with the setting in them, in its place or at the end. */
function withSetting(lines: readonly string[], key: string, value: string | undefined): readonly string[] {
  if (value === undefined) return lines
  const isIt = (line: string) => line.trim().startsWith(`${key}=`)
  const at = lines.findIndex(isIt)
  if (at < 0) return [...lines, `${key}=${value}`]
  return lines.flatMap((line, place) => (place === at ? [`${key}=${value}`] : isIt(line) ? [] : [line]))
}

/** Whether a boot is due: only it turns SELinux on or off altogether. */
const needsReboot = ({ state }: Args, now: State['now']) => (state === 'disabled') !== (now === 'disabled')

/** The state of SELinux. */
export const selinux = defineModule({
  name: 'selinux',
  doc: {
    summary: 'Set what SELinux does, now and at boot',
    description:
      'Between enforcing and permissive the kernel changes at once. Turning it on or off takes a boot: `reboot_required` ' +
      'is true until then. It fails on a host without SELinux.',
    examples: ['- name: SELinux stays on\n  selinux: { state: enforcing, policy: targeted }'],
  },
  args,
  async probe(host, args: Args): Promise<State> {
    const [answer, { stdout }] = await Promise.all([
      probeFile(host, { path: args.configfile, follow: true, contentLimit: 1024 * 1024 }),
      host.query(probeScript({ root: '/sys/fs/selinux' })),
    ])
    const enforce = /^enforce (\d)/.exec(stdout.toString('utf8'))?.[1]
    return { answer, now: enforce === undefined ? 'disabled' : enforce === '1' ? 'enforcing' : 'permissive' }
  },
  diff(args, { answer, now }): Change<Work> | undefined {
    if (answer.file.kind === 'absent') {
      if (args.state === 'disabled' && now === 'disabled') return undefined
      throw new ModuleFailure(`this host has no SELinux: there is no ${args.configfile}`)
    }
    const { lines } = linesOfAnswer(answer)
    const after = withSetting(withSetting(lines, 'SELINUX', args.state), 'SELINUXTYPE', args.policy)
    const same = after.length === lines.length && after.every((line, at) => line === lines[at])
    const file = same
      ? undefined
      : planText({ backup: false }, answer, after.map((line) => `${line}\n`).join(''))
    const live = now !== 'disabled' && args.state !== 'disabled' && now !== args.state
    const enforce = live ? (args.state === 'enforcing' ? '1' : '0') : ''
    if (!file && enforce === '') return undefined
    return {
      summary: [...(file?.summary ?? []), ...(live ? [`${now} → ${args.state}`] : [])],
      differences: [
        ...(file?.differences ?? []),
        ...(live ? [{ subject: 'SELinux', before: `${now}\n`, after: `${args.state}\n` }] : []),
      ],
      data: { enforce, ...(file ? { file: file.data } : {}) },
    }
  },
  async apply(host, args, { data }) {
    if (data.file) await applyFile(host, data.file)
    if (data.enforce !== '')
      await mustRun(host, setScript({ value: data.enforce }), `make SELinux ${args.state}`)
    return {}
  },
  result: (args, { now }) => ({
    state: now,
    configfile: args.configfile,
    policy: args.policy ?? null,
    reboot_required: needsReboot(args, now),
  }),
})
