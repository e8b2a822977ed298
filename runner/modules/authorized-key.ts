import { z } from 'zod'
import { findPath } from './files/fragments.js'
import { tellFull } from './files/leftovers.js'
import { Reader } from './files/state.js'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun } from './outcome.js'
import { bool, name, owner, path, text } from './schema.js'
import { shellScript } from './script.js'
import { keyId, mergeKeys } from './system/authorized-keys.js'

const args = z
  .strictObject({
    user: owner.describe('Whose account the keys open.'),
    key: text.describe('Public keys, a line each.'),
    state: z.enum(['present', 'absent']).default('present'),
    exclusive: bool.default(false).describe('All other keys go.'),
    key_options: name
      .optional()
      .describe('What stands before the key: `from="10.0.0.0/24"`. Without it, as it is.'),
    comment: z
      .string()
      .regex(/^[^\0\n\r]*$/)
      .optional()
      .describe('In the place of the key’s own.'),
    path: path.optional().describe('Without it, ~/.ssh/authorized_keys of the user.'),
    manage_dir: bool.default(true).describe('Make the folder, mode 0700, where it is not there.'),
  })
  .superRefine(({ key }, context) => {
    const lines = key.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
    const bad = lines.find((line) => keyId(line) === undefined)
    if (lines.length === 0 || bad !== undefined)
      context.addIssue({ code: 'custom', message: 'is not a public key of OpenSSH', path: ['key'] })
  })

type Args = z.output<typeof args>

const find = `LC_ALL=C
export LC_ALL
if command -v getent >/dev/null 2>&1; then
  entry=$(getent passwd -- "$user") || [ $? -eq 2 ] || exit 1
else
  entry=$(awk -F: -v name="$user" '$1 == name' /etc/passwd) || exit 1
fi
home=$(printf '%s\\n' "$entry" | cut -d: -f6)
# shellcheck disable=SC2034 # only the script that writes reads it
ids=$(printf '%s\\n' "$entry" | cut -d: -f3,4)
# shellcheck disable=SC2088 # the tilde itself is meant
case $path in
  '') file=$home/.ssh/authorized_keys ;;
  "~/"*) file=$home/\${path#??} ;;
  *) file=$path ;;
esac
dir=\${file%/*}
refuse() {
  printf '%s\\n' "$1" >&2
  exit 1
}
`

const probeScript = shellScript(
  'probe-authorized-keys',
  'probe',
  ['user', 'path'],
  `${find}${findPath}[ -n "$entry" ] || { echo nobody; exit 0; }
# What a user has put in the place of the file is not followed: the task may run as root.
if [ -L "$file" ] || [ -L "$dir" ]; then refuse "a link is not followed: $file"; fi
fs_find "$file" || { printf 'absent\\n%s\\n' "$file"; exit 0; }
[ -f "$file" ] || refuse "not a file: $file"
printf 'there\\n%s\\n' "$file"
stat -c '%a %u:%g' -- "$file" || exit 1
cat -- "$file"`,
)

// The folder belongs to the user, who may swap things in it: it is entered once, and nothing in it is followed.
const applyScript = shellScript(
  'write-authorized-keys',
  'apply',
  ['user', 'path', 'content', 'make'],
  `${find}${tellFull}[ -n "$entry" ] || refuse "no user $user"
umask 077
if [ ! -d "$dir" ]; then
  [ "$make" = yes ] || refuse "no such directory: $dir"
  mkdir -- "$dir" || exit 1
  chown -h -- "$ids" "$dir" 2>/dev/null || [ "$(id -u)" != 0 ] || exit 1
fi
[ ! -L "$dir" ] || refuse "a link is not followed: $dir"
CDPATH='' cd -P -- "$dir" || exit 1
base=\${file##*/}
[ ! -L "$base" ] || refuse "a link is not followed: $file"
temp=$(mktemp ./.tsplay.XXXXXX) || exit 1
trap 'rm -f -- "$temp"' EXIT
trap 'exit 143' HUP INT TERM
printf '%s' "$content" >"$temp" || fs_unwritten "$temp" "$dir"
sync "$temp" 2>/dev/null || :
chown -h -- "$ids" "$temp" 2>/dev/null || [ "$(id -u)" != 0 ] || exit 1
mv -f -- "$temp" "./$base" || exit 1`,
)

interface State {
  readonly file: string
  /** undefined: no such user. */
  readonly lines: readonly string[] | undefined
}

/** Keys that open an account. */
export const authorizedKey = defineModule({
  name: 'authorized_key',
  doc: {
    summary: 'Add and remove the SSH keys that open an account',
    description: 'A key is the same as another whatever its options and comment; those are changed in place.',
    examples: [
      '- name: The operators\n  authorized_key: { user: debian, key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0 ops" }',
    ],
  },
  args,
  readsAhead: true,
  async probe(host, args: Args): Promise<State> {
    const { stdout } = await host.query(probeScript({ user: args.user, path: args.path ?? '' }))
    const reader = new Reader(stdout)
    const head = reader.must('state of the file')
    if (head === 'nobody') return { file: '', lines: undefined }
    const file = reader.must('path')
    if (head === 'absent') return { file, lines: [] }
    reader.must('mode')
    const body = reader.rest().toString('utf8')
    return { file, lines: body === '' ? [] : body.replace(/\n$/, '').split('\n') }
  },
  diff(args, { file, lines }): Change<string> | undefined {
    const verb = args.state === 'absent' ? 'remove' : 'add'
    if (lines === undefined)
      return args.state === 'absent'
        ? undefined
        : { summary: [`${verb} a key of ${args.user}`], requires: [`user:${args.user}`], data: '' }
    const after = mergeKeys(args, lines)
    const body = (all: readonly string[]) => all.map((line) => `${line}\n`).join('')
    if (body(after) === body(lines)) return undefined
    return {
      summary: [`change ${file}`],
      differences: [{ subject: file, before: body(lines), after: body(after) }],
      provides: [`file:${file}`],
      data: body(after),
    }
  },
  async apply(host, args, { data, requires }) {
    if (requires?.length) throw new ModuleFailure(`there is no user ${args.user}`)
    const make = args.manage_dir ? 'yes' : 'no'
    const values = { user: args.user, path: args.path ?? '', content: data, make }
    await mustRun(host, applyScript(values), `write the keys of ${args.user}`)
    return {}
  },
  result: (args, { file }) => ({ user: args.user, keyfile: file, state: args.state }),
})
