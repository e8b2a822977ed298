import { z } from 'zod'
import { tellFull } from './files/leftovers.js'
import { defineModule } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { name } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({
  name: name
    .refine((v) => /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(v), 'is not the name of a time zone')
    .describe('As in /usr/share/zoneinfo: `Europe/Berlin`, `UTC`.'),
})

type Args = z.output<typeof args>

const probeScript = shellScript(
  'probe-timezone',
  'probe',
  ['name'],
  `if [ -L /etc/localtime ]; then readlink /etc/localtime || exit 1; else echo; fi
if [ -e /etc/timezone ]; then head -n 1 /etc/timezone || exit 1; else echo; fi
if [ -f "/usr/share/zoneinfo/$name" ]; then echo known; fi`,
)

const applyScript = shellScript(
  'apply-timezone',
  'apply',
  ['name'],
  `${tellFull}umask 022
zone=/usr/share/zoneinfo/$name
[ -f "$zone" ] || { printf '%s\\n' "this host has no time zone $name; the package is called tzdata" >&2; exit 1; }
temp=$(mktemp -u /etc/.tsplay.XXXXXX) || exit 1
trap 'rm -f -- "$temp"' EXIT
ln -s -- "$zone" "$temp" && mv -f -- "$temp" /etc/localtime || exit 1
if [ -e /etc/timezone ]; then
  printf '%s\\n' "$name" >"$temp" || fs_unwritten "$temp" /etc
  mv -f -- "$temp" /etc/timezone || exit 1
fi`,
)

/** The time zone of a host. */
export const timezone = defineModule({
  name: 'timezone',
  doc: {
    summary: 'Set the time zone of the host',
    description: 'The hardware clock stays as it is.',
    examples: ['- name: Logs in one time\n  timezone: { name: Etc/UTC }'],
  },
  args,
  async probe(host, args: Args) {
    const answer = outputText((await host.query(probeScript({ name: args.name }))).stdout).split('\n')
    const [link = '', file = '', known] = answer
    return { zone: link.replace(/^.*\/zoneinfo\//, ''), file, known: known === 'known' }
  },
  diff(args, { zone, file, known }) {
    if (zone === args.name && (file === '' || file === args.name)) return undefined
    return {
      summary: [`time zone ${zone || file || 'none'} → ${args.name}`],
      differences: [{ subject: 'time zone', before: `${zone || file}\n`, after: `${args.name}\n` }],
      ...(known ? {} : { requires: [`file:/usr/share/zoneinfo/${args.name}`] }),
      data: undefined,
    }
  },
  async apply(host, args) {
    await mustRun(host, applyScript({ name: args.name }), `set the time zone ${args.name}`)
    return {}
  },
  result: (args) => ({ name: args.name }),
})
