import { z } from 'zod'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { bool, int, owner } from './schema.js'
import { shellScript } from './script.js'
import { accountPrograms } from './system/account-files.js'
import { joinWords } from './words.js'

const args = z.strictObject({
  name: owner,
  gid: int.optional(),
  non_unique: bool.default(false).describe('Its gid may be that of another.'),
  force: bool.default(false).describe('With absent: also the primary group of a user.'),
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
  ['words', 'name'],
  `${accountPrograms}eval "$words" >&2 || exit 1
${printGroup}`,
)

/** Groups of users. */
export const group = defineModule({
  name: 'group',
  doc: {
    summary: 'Make and remove groups',
    description: 'A host without `groupadd`, such as Alpine, is served by writing its account files.',
    examples: ['- name: Operators\n  group: { name: k3s, system: true }'],
  },
  args,
  readsAhead: true,
  async probe(host, args: Args) {
    return { gid: gidOf((await host.query(probeScript({ name: args.name }))).stdout) }
  },
  diff(args, { gid }): Change<keyof typeof programs> | undefined {
    if (args.state === 'absent')
      return gid === undefined ? undefined : { summary: [`remove group ${args.name}`], data: 'remove' }
    if (gid === undefined)
      return { summary: [`create group ${args.name}`], provides: [`group:${args.name}`], data: 'create' }
    if (args.gid === undefined || args.gid === gid) return undefined
    return { summary: [`gid ${gid} → ${args.gid} of ${args.name}`], data: 'change' }
  },
  async apply(host, args, { data }) {
    const script = applyScript({ words: joinWords(wordsOf(args, data)), name: args.name })
    const gid = gidOf((await mustRun(host, script, `${data} group ${args.name}`)).stdout)
    return gid === undefined ? {} : { gid }
  },
  result: (args, { gid }) => ({ name: args.name, state: args.state, gid: args.gid ?? gid ?? null }),
})

function wordsOf({ name, gid, system, non_unique, force }: Args, verb: keyof typeof programs): string[] {
  const id = gid === undefined ? [] : ['-g', `${gid}`, ...(non_unique ? ['-o'] : [])]
  const own = { create: [...id, ...(system ? ['-r'] : [])], change: id, remove: force ? ['-f'] : [] }
  return [programs[verb], ...own[verb], '--', name]
}

const programs = { create: 'groupadd', change: 'groupmod', remove: 'groupdel' } as const

function gidOf(printed: Buffer): number | undefined {
  const entry = outputText(printed)
  const [, , gid] = entry.split(':')
  if (entry !== '' && !/^\d+$/.test(gid ?? ''))
    throw new ModuleFailure(`the group database printed ${JSON.stringify(entry)}`)
  return entry === '' ? undefined : Number(gid)
}
