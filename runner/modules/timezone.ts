import { z } from 'zod'
import { applyFile } from './files/apply.js'
import { onlyMode } from './files/attributes.js'
import { linesOfAnswer, planText } from './files/edit.js'
import { applyPath } from './files/path-apply.js'
import type { FileWork } from './files/plan.js'
import type { FileAnswer } from './files/probe.js'
import { Reader } from './files/state.js'
import { printText, readText } from './files/text-file.js'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { name } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({
  name: name
    .refine((v) => /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(v), 'is not the name of a time zone')
    .describe('As in /usr/share/zoneinfo: `Europe/Berlin`, `UTC`.'),
})

type Args = z.output<typeof args>

/** Debian keeps the name in a file, too. */
const path = '/etc/timezone'
const folder = '/usr/share/zoneinfo'

const probeScript = shellScript(
  'probe-timezone',
  'probe',
  ['path', 'zone'],
  `${printText}if [ -L /etc/localtime ]; then readlink /etc/localtime || exit 1; else echo; fi
if [ -f "$zone" ]; then echo known; else echo; fi
fs_text "$path"`,
)

interface State {
  /** Where /etc/localtime leads; '' where it is no link. */
  readonly link: string
  /** Whether the host has the zone. */
  readonly known: boolean
  readonly answer: FileAnswer
}
interface Work {
  readonly link: boolean
  readonly file?: FileWork
}

/** The time zone of a host. */
export const timezone = defineModule({
  name: 'timezone',
  doc: {
    summary: 'Set the time zone of the host',
    description: 'The hardware clock stays as it is.',
    examples: ['- name: Logs in one time\n  timezone: { name: Etc/UTC }'],
  },
  args,
  readsAhead: true,
  async probe(host, args: Args): Promise<State> {
    const zone = `${folder}/${args.name}`
    const reader = new Reader((await host.query(probeScript({ path, zone }))).stdout)
    const link = reader.must('zone')
    const known = reader.must('file of the zone') === 'known'
    return { link, known, answer: readText(reader, path) }
  },
  diff(args, { link, known, answer }): Change<Work> | undefined {
    const zone = link.replace(/^.*\/zoneinfo\//, '')
    const [named = ''] = linesOfAnswer(answer).lines
    const file =
      answer.file.kind === 'absent' || named === args.name
        ? undefined
        : planText({ backup: false }, answer, `${args.name}\n`)
    if (zone === args.name && !file) return undefined
    return {
      summary: [`time zone ${zone || named || 'none'} → ${args.name}`],
      differences: [{ subject: 'time zone', before: `${zone || named}\n`, after: `${args.name}\n` }],
      ...(known ? {} : { requires: [`file:${folder}/${args.name}`] }),
      data: { link: zone !== args.name, ...(file ? { file: file.data } : {}) },
    }
  },
  async apply(host, args, { data, requires }) {
    if (requires?.length)
      throw new ModuleFailure(`this host has no time zone ${args.name}`, {}, 'the package is called tzdata')
    if (data.file) await applyFile(host, data.file)
    const link = { kind: 'link', hard: false, force: false, set: onlyMode('') } as const
    if (data.link) await applyPath(host, { ...link, path: '/etc/localtime', src: `${folder}/${args.name}` })
    return {}
  },
  result: (args) => ({ name: args.name }),
})
