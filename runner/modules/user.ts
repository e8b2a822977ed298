import { z } from 'zod'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { bool, int, name, nameList, owner, path } from './schema.js'
import { shellScript } from './script.js'
import { joinWords } from './words.js'

const plain = name.refine((v) => !v.includes(':'), 'must have no colon')

const args = z.strictObject({
  name: owner,
  uid: int.optional(),
  group: owner.optional().describe('Its primary group.'),
  groups: nameList.optional().describe('Its other groups.'),
  append: bool.default(false).describe('Stay in the groups that are not named.'),
  shell: path.optional(),
  home: path.optional(),
  comment: plain.optional(),
  create_home: bool.default(true),
  system: bool.default(false).describe('With an id from the range of the system.'),
  remove: bool.default(false).describe('With absent: its home too.'),
  state: z.enum(['present', 'absent']).default('present'),
})

type Args = z.output<typeof args>

interface Account {
  readonly uid: number
  readonly comment: string
  readonly home: string
  readonly shell: string
  readonly group: string
  readonly groups: readonly string[]
}

const printAccount = `if command -v getent >/dev/null 2>&1; then
  found=$(getent passwd -- "$name") || [ $? -eq 2 ] || exit 1
else
  found=$(awk -F: -v name="$name" '$1 == name' /etc/passwd) || exit 1
fi
[ -n "$found" ] || exit 0
printf '%s\\n' "$found"
id -gn -- "$name" && id -Gn -- "$name"`

const probeScript = shellScript('probe-user', 'probe', ['name'], printAccount)

const applyScript = shellScript(
  'apply-user',
  'apply',
  ['words', 'name'],
  `PATH=$PATH:/usr/sbin:/sbin
export PATH
command -v useradd >/dev/null 2>&1 || { echo 'this host has no useradd' >&2; exit 1; }
eval "$words" >&2 || exit 1
${printAccount}`,
)

/** Accounts of users. */
export const user = defineModule({
  name: 'user',
  doc: {
    summary: 'Make, change and remove accounts',
    description: 'Passwords and keys are not set by it.',
    examples: [
      '- name: For the cluster\n  user: { name: k3s, system: true, shell: /usr/sbin/nologin, create_home: false }',
    ],
  },
  args,
  async probe(host, args: Args) {
    return { account: readAccount((await host.query(probeScript({ name: args.name }))).stdout) }
  },
  diff: (args, { account }) => plan(args, account),
  async apply(host, args, { data }) {
    const { name } = args
    const script = applyScript({ words: joinWords(data), name })
    return { ...readAccount((await mustRun(host, script, `run ${data[0]} for ${name}`)).stdout) }
  },
  result: (args, { account }) => ({ name: args.name, state: args.state, ...account }),
})

function readAccount(printed: Buffer): Account | undefined {
  const [entry = '', group = '', groups = ''] = outputText(printed).split('\n')
  if (entry === '') return undefined
  const [, , uid, , comment = '', home = '', shell = ''] = entry.split(':')
  if (uid === undefined) throw new ModuleFailure(`getent printed ${JSON.stringify(entry)}`)
  return {
    uid: Number(uid),
    comment,
    home,
    shell,
    group,
    groups: groups.split(' ').filter((other) => other !== group),
  }
}

function plan(args: Args, account: Account | undefined): Change<readonly string[]> | undefined {
  const { name } = args
  if (args.state === 'absent') {
    const words = ['userdel', ...(args.remove ? ['-r'] : []), '--', name]
    return account && { summary: [`remove user ${name}`], data: words }
  }
  const options = optionsOf(args, account)
  if (account && options.length === 0) return undefined
  const flags = options.flatMap(({ words }) => words)
  if (account)
    return { summary: options.map(({ phrase }) => phrase), data: ['usermod', ...flags, '--', name] }
  const home = args.create_home ? '-m' : '-M'
  const words = ['useradd', home, ...(args.system ? ['-r'] : []), ...flags, '--', name]
  return { summary: [`create user ${name}`], provides: [`user:${name}`, `group:${name}`], data: words }
}

function optionsOf(args: Args, account: Account | undefined): { phrase: string; words: string[] }[] {
  const options: { phrase: string; words: string[] }[] = []
  const add = (
    label: string,
    flag: string,
    wanted: string | number | undefined,
    now: string | number | undefined,
  ) => {
    if (wanted === undefined || wanted === now) return
    options.push({ phrase: `${label} ${now ?? ''} → ${wanted} of ${args.name}`, words: [flag, `${wanted}`] })
  }
  add('uid', '-u', args.uid, account?.uid)
  add('group', '-g', args.group, account?.group)
  add('shell', '-s', args.shell, account?.shell)
  add('home', '-d', args.home, account?.home)
  add('comment', '-c', args.comment, account?.comment)
  const now = account?.groups ?? []
  if (args.groups === undefined) return options
  const wanted = args.append ? [...new Set([...now, ...args.groups])] : args.groups
  const same = wanted.length === now.length && wanted.every((one) => now.includes(one))
  if (!same) add('groups', '-G', wanted.join(','), now.join(','))
  return options
}
