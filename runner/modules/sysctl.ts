import { z } from 'zod'
import { quote } from '../transport/quote.js'
import { applyFile } from './files/apply.js'
import { contentOf } from './files/content.js'
import { linesOfAnswer } from './files/edit.js'
import { type FileWork, planFile } from './files/plan.js'
import { Reader } from './files/state.js'
import { printText, readText } from './files/text-file.js'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun } from './outcome.js'
import { bool, name, path, text } from './schema.js'
import { shellScript } from './script.js'

const args = z
  .strictObject({
    name: name.refine(
      (v) => /^[A-Za-z0-9_][A-Za-z0-9_.:*/@-]*$/.test(v) && !v.includes('..'),
      'is not the name of a setting',
    ),
    value: z.union([text, z.boolean().transform((v) => (v ? '1' : '0'))]).optional(),
    state: z.enum(['present', 'absent']).default('present'),
    sysctl_file: path.default('/etc/sysctl.conf').describe('Where it is kept for the next boot.'),
    sysctl_set: bool.default(true).describe('The kernel has it now too.'),
    reload: bool
      .default(true)
      .describe('Accepted; the kernel gets the one value that changed, not the whole file.'),
    ignoreerrors: bool.default(false).describe('A kernel without the setting is no failure.'),
  })
  .refine((v) => v.state === 'absent' || v.value !== undefined, { message: 'is needed', path: ['value'] })

type Args = z.output<typeof args>

const probeScript = shellScript(
  'probe-sysctl',
  'probe',
  ['path', 'file'],
  `${printText}if [ -e "$file" ]; then
  value=$(cat "$file") || exit 1
  printf '%s\\n' "$value" | tr '\\n\\t' '  '
  printf '\\n'
else
  echo
fi
fs_text "$path"`,
)

const setScript = shellScript('apply-sysctl', 'apply', ['file', 'value'], `printf '%s\\n' "$value" >"$file"`)

type Work = { readonly file?: FileWork; readonly set: boolean }

const normal = (value: string) => value.trim().replace(/\s+/g, ' ')

// A dot divides the parts; a slash is a dot within one (an interface such as eth0.100).
const kernelFile = (setting: string) =>
  `/proc/sys/${setting.includes('/') && !setting.includes('.') ? setting : setting.replaceAll(/[./]/g, (c) => (c === '.' ? '/' : '.'))}`

/** Settings of the kernel. */
export const sysctl = defineModule({
  name: 'sysctl',
  doc: {
    summary: 'Set a value of the kernel, now and for the next boot',
    description: 'Unlike Ansible’s, it sets the running kernel too unless `sysctl_set: false`.',
    examples: [
      '- name: Forward packets\n  sysctl: { name: net.ipv4.ip_forward, value: 1, sysctl_file: /etc/sysctl.d/90-k3s.conf }',
    ],
  },
  args,
  aliases: { key: 'name', val: 'value' },
  readsAhead: true,
  async probe(host, args: Args) {
    const { stdout } = await host.query(probeScript({ path: args.sysctl_file, file: kernelFile(args.name) }))
    const reader = new Reader(stdout)
    const value = normal(reader.must('value'))
    return { answer: readText(reader, args.sysctl_file), value: value === '' ? undefined : value }
  },
  diff(args, { answer, value }): Change<Work> | undefined {
    const before = linesOfAnswer(answer)
    const isIt = (line: string) => line.replace(/\s*=.*$/s, '').trim() === args.name && line.includes('=')
    const found = before.lines.filter(isIt)
    const wanted = args.state === 'absent' ? [] : [`${args.name}=${normal(args.value!)}`]
    const kept =
      found.length === wanted.length && found.every((l) => normal(l.replace(/\s*=\s*/, '=')) === wanted[0])
    const at = before.lines.findIndex(isIt)
    const others = before.lines.filter((line) => !isIt(line))
    const after = others.toSpliced(at < 0 ? others.length : at, 0, ...wanted)
    const set = args.state === 'present' && args.sysctl_set && value !== normal(args.value!)
    const unknown = set && value === undefined
    if (unknown && args.ignoreerrors && kept) return undefined
    const content = contentOf(after.map((line) => `${line}\n`).join(''))
    const run = set && !(unknown && args.ignoreerrors) ? setLine(args) : ''
    const file = kept
      ? undefined
      : planFile({ attributes: {}, content, follow: true, edited: true, finish: run }, answer)
    if (!file && !set) return undefined
    const runtime = set ? [`set ${args.name} = ${normal(args.value!)}`] : []
    return {
      summary: [...(file?.summary ?? []), ...runtime],
      differences: [
        ...(file?.differences ?? []),
        ...(set
          ? [{ subject: args.name, before: `${value ?? ''}\n`, after: `${normal(args.value!)}\n` }]
          : []),
      ],
      requires: [
        ...(file?.requires ?? []),
        ...(unknown && !args.ignoreerrors ? [`sysctl:${args.name}`] : []),
      ],
      provides: file?.provides ?? [],
      data: { set, ...(file ? { file: file.data } : {}) },
    }
  },
  async apply(host, args, { data }) {
    if (data.file) return applyFile(host, data.file)
    if (args.value === undefined) throw new ModuleFailure('there is no value to set')
    await mustRun(
      host,
      setScript({ file: kernelFile(args.name), value: normal(args.value) }),
      `set ${args.name}`,
    )
    return {}
  },
  result: (args, { value }) => ({ name: args.name, value: value ?? null }),
})

const setLine = ({ name: setting, value = '' }: Args) =>
  `printf '%s\\n' ${quote(normal(value)).toString()} >${quote(kernelFile(setting)).toString()}`
