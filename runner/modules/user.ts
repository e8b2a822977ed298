import { z } from 'zod'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { bool, int, name, nameList, owner, path, reveal, secretLine } from './schema.js'
import { shellScript } from './script.js'
import { joinWords } from './words.js'

const plain = name.refine((v) => !v.includes(':'), 'must have no colon')

/** As crypt(3) makes it; the password itself is no hash, and would be readable in /etc/shadow. */
const isHash = (value: string) => /^(!{0,2}\$[0-9a-z]+\$[^:]+|!{1,2}|\*)$/.test(value)

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
  move_home: bool.default(false).describe('Where `home` changes, what is in it goes along.'),
  password: secretLine
    .refine((v) => isHash(reveal(v)), 'must be a hash, as `openssl passwd -6` makes one, or ! or * for none')
    .optional()
    .describe('The hash of the password; `!` and `*` let nobody in by one.'),
  update_password: z.enum(['always', 'on_create']).default('always'),
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

interface State {
  readonly account: Account | undefined
  /** True where none is asked for. */
  readonly samePassword: boolean
}

interface Work {
  /** Words of the program, none where only the password is set. */
  readonly words: readonly string[]
  readonly setsPassword: boolean
}

const printAccount = `if command -v getent >/dev/null 2>&1; then
  found=$(getent passwd -- "$name") || [ $? -eq 2 ] || exit 1
else
  found=$(awk -F: -v name="$name" '$1 == name' /etc/passwd) || exit 1
fi
[ -n "$found" ] || exit 0
printf '%s\\n' "$found"
id -gn -- "$name" && id -Gn -- "$name"`

// The hash does not leave the host: it is compared there.
const probeScript = shellScript(
  'probe-user',
  'probe',
  ['name', 'password'],
  `if [ -n "$password" ]; then
  [ -r /etc/shadow ] || { echo 'permission denied: /etc/shadow' >&2; exit 1; }
  now=$(awk -F: -v name="$name" '$1 == name { print $2 }' /etc/shadow) || exit 1
  if [ "$now" = "$password" ]; then echo same; else echo other; fi
else
  echo same
fi
${printAccount}`,
)

// chpasswd reads the hash from its standard input: no list of processes shows it.
const applyScript = shellScript(
  'apply-user',
  'apply',
  ['words', 'name', 'password'],
  `PATH=$PATH:/usr/sbin:/sbin
export PATH
command -v useradd >/dev/null 2>&1 || { echo 'this host has no useradd' >&2; exit 1; }
eval "$words" >&2 || exit 1
if [ -n "$password" ]; then printf '%s:%s\\n' "$name" "$password" | chpasswd -e >&2 || exit 1; fi
${printAccount}`,
)

/** Accounts of users. */
export const user = defineModule({
  name: 'user',
  doc: {
    summary: 'Make, change and remove accounts',
    description: 'Keys are set by `authorized_key`.',
    examples: [
      '- name: Who may log in at the console\n  user: { name: ops, groups: [sudo], append: true, shell: /bin/bash, password: <%= ops_password_hash %> }',
      '- name: For the cluster\n  user: { name: k3s, system: true, shell: /usr/sbin/nologin, create_home: false }',
    ],
  },
  args,
  aliases: { user: 'name', createhome: 'create_home' },
  readsAhead: true,
  async probe(host, args: Args): Promise<State> {
    const { name, password = '', state } = args
    const script = probeScript({ name, password: state === 'present' ? password : '' })
    const printed = (await host.query(script)).stdout
    const end = printed.indexOf(10)
    return {
      account: readAccount(printed.subarray(end + 1)),
      samePassword: printed.toString('utf8', 0, end) === 'same',
    }
  },
  diff: (args, state) => plan(args, state),
  async apply(host, args, { data }) {
    const { name, password = '' } = args
    const { words, setsPassword } = data
    const doing = words.length > 0 ? `run ${words[0]} for ${name}` : `set the password of ${name}`
    const values = { words: joinWords(words), name, password: setsPassword ? password : '' }
    return { ...readAccount((await mustRun(host, applyScript(values), doing)).stdout) }
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

function plan(args: Args, { account, samePassword }: State): Change<Work> | undefined {
  const { name } = args
  if (args.state === 'absent') {
    const words = ['userdel', ...(args.remove ? ['-r'] : []), '--', name]
    return account && { summary: [`remove user ${name}`], data: { words, setsPassword: false } }
  }
  const options = optionsOf(args, account)
  const flags = options.flatMap(({ words }) => words)
  if (account) {
    const setsPassword = !samePassword && args.update_password === 'always'
    if (flags.length === 0 && !setsPassword) return undefined
    const phrases = setsPassword ? [`password of ${name}`] : []
    const words = flags.length > 0 ? ['usermod', ...flags, '--', name] : []
    return { summary: [...options.map(({ phrase }) => phrase), ...phrases], data: { words, setsPassword } }
  }
  const home = args.create_home ? '-m' : '-M'
  const words = ['useradd', home, ...(args.system ? ['-r'] : []), ...flags, '--', name]
  const data = { words, setsPassword: args.password !== undefined }
  return { summary: [`create user ${name}`], provides: [`user:${name}`, `group:${name}`], data }
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
  if (account && args.move_home && options.some(({ words }) => words[0] === '-d'))
    options.push({ phrase: `move what is in it`, words: ['-m'] })
  add('comment', '-c', args.comment, account?.comment)
  const now = account?.groups ?? []
  if (args.groups === undefined) return options
  const wanted = args.append ? [...new Set([...now, ...args.groups])] : args.groups
  const same = wanted.length === now.length && wanted.every((one) => now.includes(one))
  if (!same) add('groups', '-G', wanted.join(','), now.join(','))
  return options
}
