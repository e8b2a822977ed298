import { z } from 'zod'
import { Secret } from '../secrets/secret.js'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { bool, int, name, nameList, owner, path, reveal, secretLine, text } from './schema.js'
import { shellScript } from './script.js'
import { accountPrograms } from './system/account-files.js'
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
  skeleton: path
    .optional()
    .describe('A folder whose content a new home begins with, in the place of /etc/skel.'),
  umask: text
    .refine((v) => /^0?[0-7]{3}$/.test(v), "must be octal: '077'")
    .optional()
    .describe('Of a new home.'),
  non_unique: bool.default(false).describe('Its uid may be that of another.'),
  expires: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+(\.\d+)?$/, 'must be seconds since 1970')
        .transform(Number),
    ])
    .optional()
    .describe('When the account ends: seconds since 1970, of which the day counts. Negative: never.'),
  password_lock: bool.optional().describe('Nobody is let in by the password; it stays.'),
  password_expire_max: int.optional().describe('Days after which the password must be another.'),
  password_expire_min: int.optional().describe('Days before which it may not be another.'),
  password_expire_warn: int.optional().describe('Days of warning before that.'),
  force: bool.default(false).describe('With absent: also while the user is logged in.'),
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

/** What /etc/shadow has of an account, beside its password. */
interface Shadow {
  readonly locked: boolean
  readonly min: string
  readonly max: string
  readonly warn: string
  /** A day, counted from 1970; '' for never. */
  readonly expires: string
}

interface State {
  readonly shadow: Shadow | undefined
  readonly account: Account | undefined
  /** True where none is asked for. */
  readonly samePassword: boolean
}

interface Work {
  /** Words of programs, none where only the password is set. */
  readonly words: readonly (readonly string[])[]
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
  ['name', 'password', 'shadow'],
  `if [ -n "$password" ] || [ "$shadow" = yes ]; then
  [ -r /etc/shadow ] || { echo 'permission denied: /etc/shadow' >&2; exit 1; }
  now=$(awk -F: -v name="$name" '$1 == name { print $2 }' /etc/shadow) || exit 1
  if [ -z "$password" ] || [ "$now" = "$password" ]; then echo same; else echo other; fi
else
  echo same
fi
if [ "$shadow" = yes ]; then
  awk -F: -v name="$name" '$1 == name { print ($2 ~ /^!/) ":" $4 ":" $5 ":" $6 ":" $8; found = 1 }
    END { if (!found) print "" }' /etc/shadow || exit 1
fi
${printAccount}`,
)

// chpasswd reads the hash from its standard input: no list of processes shows it.
const applyScript = shellScript(
  'apply-user',
  'apply',
  ['words', 'name', 'password'],
  `${accountPrograms}eval "$words" >&2 || exit 1
if [ -n "$password" ]; then printf '%s:%s\\n' "$name" "$password" | chpasswd -e >&2 || exit 1; fi
${printAccount}`,
)

/** Accounts of users. */
export const user = defineModule({
  name: 'user',
  doc: {
    summary: 'Make, change and remove accounts',
    description:
      'Keys are set by `authorized_key`. A host without `useradd`, such as Alpine, is served by writing its account files.',
    examples: [
      '- name: Who may log in at the console\n  user: { name: ops, groups: [sudo], append: true, shell: /bin/bash, password: <%= ops_password_hash %> }',
      '- name: For the cluster\n  user: { name: k3s, system: true, shell: /usr/sbin/nologin, create_home: false }',
    ],
  },
  args,
  aliases: { user: 'name', createhome: 'create_home' },
  readsAhead: true,
  async probe(host, args: Args): Promise<State> {
    const { name, state } = args
    const asks = state === 'present' && shadowKeys.some((key) => args[key] !== undefined)
    const values = { password: state === 'present' ? hashOf(args) : '', shadow: asks ? 'yes' : 'no' }
    const [same, ...lines] = outputText((await host.query(probeScript({ name, ...values }))).stdout).split(
      '\n',
    )
    const shadow = asks ? readShadow(lines.shift() ?? '') : undefined
    return { account: readAccount(lines), samePassword: same === 'same', shadow }
  },
  diff: (args, state) => plan(args, state),
  async apply(host, args, { data }) {
    const { name } = args
    const { words, setsPassword } = data
    const doing = words[0] ? `run ${words[0][0]} for ${name}` : `set the password of ${name}`
    const values = {
      words: words.map(joinWords).join(' && '),
      name,
      password: setsPassword ? hashOf(args) : '',
    }
    const { stdout } = await mustRun(host, applyScript(values), doing)
    return { ...readAccount(outputText(stdout).split('\n')) }
  },
  result: (args, { account }) => ({ name: args.name, state: args.state, ...account }),
})

const shadowKeys = [
  'expires',
  'password_lock',
  'password_expire_max',
  'password_expire_min',
  'password_expire_warn',
] as const

function readShadow(line: string): Shadow | undefined {
  const [locked, min = '', max = '', warn = '', expires = ''] = line.split(':')
  return line === '' ? undefined : { locked: locked === '1', min, max, warn, expires }
}

function readAccount(lines: readonly string[]): Account | undefined {
  const [entry = '', group = '', groups = ''] = lines
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

function plan(args: Args, { account, samePassword, shadow }: State): Change<Work> | undefined {
  const { name } = args
  if (args.state === 'absent') {
    const flags = [...(args.force ? ['-f'] : []), ...(args.remove ? ['-r'] : [])]
    const words = [['userdel', ...flags, '--', name]]
    return account && { summary: [`remove user ${name}`], data: { words, setsPassword: false } }
  }
  const options = [...optionsOf(args, account), ...limitsOf(args, account, shadow)]
  const flags = options.flatMap(({ words }) => words)
  const ages = agesOf(args, shadow)
  const aging = ages.length > 0 ? [['chage', ...ages.flatMap(({ words }) => words), '--', name]] : []
  if (account) {
    const setsPassword = !samePassword && args.update_password === 'always'
    if (flags.length === 0 && !setsPassword && ages.length === 0) return undefined
    const phrases = setsPassword ? [`password of ${name}`] : []
    const words = [...(flags.length > 0 ? [['usermod', ...flags, '--', name]] : []), ...aging]
    return {
      summary: [...[...options, ...ages].map(({ phrase }) => phrase), ...phrases],
      data: { words, setsPassword },
    }
  }
  const home = args.create_home ? '-m' : '-M'
  const more = [
    ...(args.system ? ['-r'] : []),
    ...(args.skeleton ? ['-k', args.skeleton] : []),
    ...(args.umask ? ['-K', `UMASK=${args.umask}`] : []),
  ]
  const words = [['useradd', home, ...more, ...flags, '--', name], ...aging]
  const data = { words, setsPassword: args.password !== undefined }
  return { summary: [`create user ${name}`], provides: [`user:${name}`, `group:${name}`], data }
}

/** When the account ends, and whether its password lets anybody in. */
function limitsOf(
  { expires, name, password_lock: lock }: Args,
  account: Account | undefined,
  shadow: Shadow | undefined,
): Step[] {
  const steps: Step[] = []
  const day = expires === undefined || expires < 0 ? '' : `${Math.floor(expires / 86_400)}`
  if (expires !== undefined && day !== (shadow?.expires ?? '')) {
    const date = day === '' ? '' : new Date(Number(day) * 86_400_000).toISOString().slice(0, 10)
    steps.push({ phrase: `${name} expires ${date || 'never'}`, words: ['-e', date] })
  }
  if (account && lock !== undefined && lock !== shadow?.locked)
    steps.push({ phrase: `${lock ? 'lock' : 'unlock'} the password of ${name}`, words: [lock ? '-L' : '-U'] })
  return steps
}

/** How old a password may become, in chage's words. */
function agesOf(args: Args, shadow: Shadow | undefined): Step[] {
  const ages = [
    ['-M', 'most', args.password_expire_max, shadow?.max],
    ['-m', 'least', args.password_expire_min, shadow?.min],
    ['-W', 'days of warning', args.password_expire_warn, shadow?.warn],
  ] as const
  return ages.flatMap(([flag, label, wanted, now]) =>
    wanted === undefined || `${wanted}` === now
      ? []
      : [
          {
            phrase: `${label} of the age of the password of ${args.name} → ${wanted}`,
            words: [flag, `${wanted}`],
          },
        ],
  )
}

/** The hash as it stands in /etc/shadow: locked, it has a mark before it. */
function hashOf({ password, password_lock }: Args): string | Secret {
  const hash = reveal(password ?? '')
  if (password === undefined || !password_lock || hash.startsWith('!')) return password ?? ''
  return password instanceof Secret ? new Secret(`!${hash}`) : `!${hash}`
}

/** Something to do, as people read it, and in the words of a program. */
interface Step {
  readonly phrase: string
  readonly words: readonly string[]
}

function optionsOf(args: Args, account: Account | undefined): Step[] {
  const options: Step[] = []
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
  if (args.non_unique && options.length > 0) options.push({ phrase: 'as another has', words: ['-o'] })
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
