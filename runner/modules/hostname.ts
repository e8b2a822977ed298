import { z } from 'zod'
import { tellFull } from './files/leftovers.js'
import { defineModule } from './module.js'
import { mustRun, outputText } from './outcome.js'
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

const probeScript = shellScript(
  'probe-hostname',
  'probe',
  [],
  `uname -n
if [ -e /etc/hostname ]; then grep -v '^#' /etc/hostname || :; fi`,
)

const applyScript = shellScript(
  'apply-hostname',
  'apply',
  ['name'],
  `${tellFull}umask 022
temp=$(mktemp /etc/.tsplay.XXXXXX) || exit 1
trap 'rm -f -- "$temp"' EXIT
printf '%s\\n' "$name" >"$temp" || fs_unwritten "$temp" /etc
chmod 644 "$temp" && mv -f -- "$temp" /etc/hostname || exit 1
[ "$(uname -n)" = "$name" ] && exit 0
if command -v hostnamectl >/dev/null 2>&1 && [ -d /run/systemd/system ]; then
  hostnamectl --transient set-hostname -- "$name" 2>/dev/null && exit 0
fi
if command -v hostname >/dev/null 2>&1; then
  hostname -- "$name" 2>/dev/null || hostname "$name" || exit 1
else
  printf '%s' "$name" >/proc/sys/kernel/hostname || exit 1
fi`,
)

/** The name of a host. */
export const hostname = defineModule({
  name: 'hostname',
  doc: {
    summary: 'Set the name that the host gives itself',
    description: '/etc/hosts stays as it is.',
    examples: ['- name: As in the inventory\n  hostname: { name: <%= inventory_hostname %> }'],
  },
  args,
  async probe(host, _args: Args) {
    const [now = '', atBoot = ''] = outputText((await host.query(probeScript({}))).stdout).split('\n')
    return { now, atBoot: atBoot.trim() }
  },
  diff(args, { now, atBoot }) {
    if (now === args.name && atBoot === args.name) return undefined
    return {
      summary: [`name the host ${args.name}`],
      differences: [
        {
          subject: 'hostname',
          before: `now ${now}\nat boot ${atBoot}\n`,
          after: `now ${args.name}\nat boot ${args.name}\n`,
        },
      ],
      data: undefined,
    }
  },
  async apply(host, args) {
    await mustRun(host, applyScript({ name: args.name }), `name the host ${args.name}`)
    return {}
  },
  result: (args) => ({ name: args.name }),
})
