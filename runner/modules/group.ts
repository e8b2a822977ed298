import { z } from 'zod'
import { defineModule, ModuleFailure } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { bool, int, owner } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({
  name: owner,
  gid: int.optional(),
  state: z.enum(['present', 'absent']).default('present'),
  system: bool.default(false).describe('With an id from the range of the system.'),
})

type Args = z.output<typeof args>

const printGroup = `if command -v getent >/dev/null 2>&1; then
  getent group -- "$name" || [ $? -eq 2 ]
else
  awk -F: -v name="$name" '$1 == name' /etc/group
fi`

const probeScript = shellScript('probe-group', 'probe', ['name'], printGroup)

const applyScript = shellScript(
  'apply-group',
  'apply',
  ['verb', 'name', 'gid', 'system'],
  `PATH=$PATH:/usr/sbin:/sbin
set --
if [ -n "$gid" ]; then set -- "$@" -g "$gid"; fi
if command -v groupadd >/dev/null 2>&1; then
  if [ "$system" = yes ]; then set -- "$@" -r; fi
  case $verb in
    create) groupadd "$@" -- "$name" ;;
    change) groupmod "$@" -- "$name" ;;
    remove) groupdel -- "$name" ;;
  esac
elif command -v addgroup >/dev/null 2>&1; then
  if [ "$system" = yes ]; then set -- "$@" -S; fi
  case $verb in
    create) addgroup "$@" -- "$name" ;;
    remove) delgroup -- "$name" ;;
    *) echo 'this host has no groupmod' >&2; exit 1 ;;
  esac
else
  echo 'this host has neither groupadd nor addgroup' >&2
  exit 1
fi >&2 || exit 1
${printGroup}`,
)

/** Groups of users. */
export const group = defineModule({
  name: 'group',
  doc: {
    summary: 'Make and remove groups',
    examples: ['- name: Operators\n  group: { name: k3s, system: true }'],
  },
  args,
  readsAhead: true,
  async probe(host, args: Args) {
    return { gid: gidOf((await host.query(probeScript({ name: args.name }))).stdout) }
  },
  diff(args, { gid }) {
    if (args.state === 'absent')
      return gid === undefined ? undefined : { summary: [`remove group ${args.name}`], data: 'remove' }
    if (gid === undefined)
      return { summary: [`create group ${args.name}`], provides: [`group:${args.name}`], data: 'create' }
    if (args.gid === undefined || args.gid === gid) return undefined
    return { summary: [`gid ${gid} → ${args.gid} of ${args.name}`], data: 'change' }
  },
  async apply(host, args, { data }) {
    const values = { verb: data, name: args.name, gid: args.gid === undefined ? '' : `${args.gid}` }
    const script = applyScript({ ...values, system: args.system ? 'yes' : 'no' })
    const gid = gidOf((await mustRun(host, script, `${data} group ${args.name}`)).stdout)
    return gid === undefined ? {} : { gid }
  },
  result: (args, { gid }) => ({ name: args.name, state: args.state, gid: args.gid ?? gid ?? null }),
})

function gidOf(printed: Buffer): number | undefined {
  const entry = outputText(printed)
  const [, , gid] = entry.split(':')
  if (entry !== '' && !/^\d+$/.test(gid ?? ''))
    throw new ModuleFailure(`the group database printed ${JSON.stringify(entry)}`)
  return entry === '' ? undefined : Number(gid)
}
