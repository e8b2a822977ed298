import { z } from 'zod'
import { expandHome, findPath, printState } from './files/fragments.js'
import { fileFields } from './files/result.js'
import { Reader, readState } from './files/state.js'
import { defineModule } from './module.js'
import { mustRun } from './outcome.js'
import { name, path } from './schema.js'
import { shellScript } from './script.js'

const part = name.refine((v) => !v.includes('/'), 'must have no slash')

const args = z.strictObject({
  state: z.enum(['file', 'directory']).default('file'),
  path: path.optional().describe('The folder it is made in; without it TMPDIR or /tmp.'),
  prefix: part.default('ansible.').describe('What its name begins with.'),
  suffix: z
    .union([part, z.literal('')])
    .default('')
    .describe('What its name ends in.'),
})

type Args = z.output<typeof args>

const script = shellScript(
  'make-tempfile',
  'apply',
  ['folder', 'prefix', 'suffix', 'state'],
  `${expandHome}${findPath}${printState}
umask 077
fs_expand "$folder"
folder=\${fs_path:-\${TMPDIR:-/tmp}}
flag=''
[ "$state" = file ] || flag=-d
tries=0
# busybox has no suffix for mktemp: an unused name is made, and taken only if nobody else has.
while :; do
  # shellcheck disable=SC2086 # no word where it is empty
  made=$(mktemp $flag -u "\${folder%/}/\${prefix}XXXXXXXX") || exit 1
  made=$made$suffix
  if [ "$state" = file ]; then
    (set -C && : >"$made") 2>/dev/null && break
  else
    mkdir -- "$made" 2>/dev/null && break
  fi
  tries=$((tries + 1))
  [ "$tries" -lt 10 ] || { printf '%s\\n' "cannot make anything in $folder" >&2; exit 1; }
done
printf '%s\\n' "$made"
fs_state "$made" no no`,
)

/** A temporary file or folder. */
export const tempfile = defineModule({
  name: 'tempfile',
  doc: {
    summary: 'Make a temporary file or folder that only its owner can read',
    description: 'It is a change every time, and stays until a task removes it.',
    examples: [
      '- name: Somewhere to unpack\n  tempfile: { state: directory, suffix: .k3s }\n  register: work',
    ],
  },
  args,
  probe: async (_host, _args: Args) => undefined,
  diff: (args) => ({ summary: [`create a temporary ${args.state}`], provides: ['*'], data: undefined }),
  async apply(host, args) {
    const { prefix, suffix, state } = args
    const values = { folder: args.path ?? '', prefix, suffix, state }
    const { stdout } = await mustRun(host, script(values), `make a temporary ${state}`)
    const reader = new Reader(stdout)
    const made = reader.must('path')
    return fileFields(made, readState(reader))
  },
  result: (args) => ({ path: null, state: args.state }),
})
