import { z } from 'zod'
import { applyFile } from './files/apply.js'
import { linesOfAnswer, planText } from './files/edit.js'
import type { FileWork } from './files/plan.js'
import type { FileAnswer } from './files/probe.js'
import { Reader } from './files/state.js'
import { printText, readText } from './files/text-file.js'
import { type Change, defineModule } from './module.js'
import { mustRun } from './outcome.js'
import { name } from './schema.js'
import { shellScript } from './script.js'

const label = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/

const args = z.strictObject({
  name: name
    .refine(
      (v) => v.length <= 64 && v.split('.').every((part) => label.test(part)),
      'is not the name of a host',
    )
    .describe('The name the host gives itself, now and at boot.'),
})

type Args = z.output<typeof args>

const path = '/etc/hostname'

const probeScript = shellScript(
  'probe-hostname',
  'probe',
  ['path'],
  `${printText}uname -n || exit 1
fs_text "$path"`,
)

const setScript = shellScript(
  'apply-hostname',
  'apply',
  ['name'],
  `if command -v hostnamectl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then
  hostnamectl --transient set-hostname -- "$name" 2>/dev/null && exit 0
fi
if command -v hostname >/dev/null 2>&1; then
  hostname -- "$name" 2>/dev/null || hostname "$name" || exit 1
else
  printf '%s' "$name" >/proc/sys/kernel/hostname || exit 1
fi`,
)

interface State {
  readonly now: string
  readonly answer: FileAnswer
}
interface Work {
  /** What is not yet the name at boot. */
  readonly file?: FileWork
  /** Whether it is not yet the name now. */
  readonly set: boolean
}

/** The name of a host. */
export const hostname = defineModule({
  name: 'hostname',
  doc: {
    summary: 'Set the name that the host gives itself',
    description: '/etc/hosts stays as it is.',
    examples: ['- name: As in the inventory\n  hostname: { name: <%= inventory_hostname %> }'],
  },
  args,
  readsAhead: true,
  async probe(host, _args: Args): Promise<State> {
    const reader = new Reader((await host.query(probeScript({ path }))).stdout)
    return { now: reader.must('name'), answer: readText(reader, path) }
  },
  diff(args, { now, answer }): Change<Work> | undefined {
    const atBoot = nameAtBoot(answer)
    const file = atBoot === args.name ? undefined : planText({ backup: false }, answer, `${args.name}\n`)
    const set = now !== args.name
    if (!file && !set) return undefined
    return {
      summary: [`name the host ${args.name}`],
      differences: [
        {
          subject: 'hostname',
          before: `now ${now}\nat boot ${atBoot}\n`,
          after: `now ${args.name}\nat boot ${args.name}\n`,
        },
      ],
      data: { set, ...(file ? { file: file.data } : {}) },
    }
  },
  async apply(host, args, { data }) {
    if (data.file) await applyFile(host, data.file)
    if (data.set) await mustRun(host, setScript({ name: args.name }), `name the host ${args.name}`)
    return {}
  },
  result: (args) => ({ name: args.name }),
})

const nameAtBoot = (answer: FileAnswer) =>
  linesOfAnswer(answer)
    .lines.map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#')) ?? ''
