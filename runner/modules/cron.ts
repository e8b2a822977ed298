import { z } from 'zod'
import { applyFile } from './files/apply.js'
import { linesOfAnswer, planText } from './files/edit.js'
import type { FileWork } from './files/plan.js'
import { type FileAnswer, probeFile } from './files/probe.js'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { bool, name, owner, text } from './schema.js'
import { shellScript } from './script.js'
import { editCrontab } from './system/crontab.js'

const field = text.refine((v) => /^[A-Za-z0-9*,/-]+$/.test(v), 'is not a time of cron').default('*')

const args = z
  .strictObject({
    name: name.describe('What the entry is known by: it stands in a comment above it.'),
    job: name.optional().describe('The command; with `env`, the value.'),
    minute: field,
    hour: field,
    day: field,
    month: field,
    weekday: field,
    special_time: z.enum(['reboot', 'yearly', 'annually', 'monthly', 'weekly', 'daily', 'hourly']).optional(),
    state: z.enum(['present', 'absent']).default('present'),
    disabled: bool.default(false).describe('Kept as a comment.'),
    env: bool.default(false).describe('`name` is a variable of the table, not a job.'),
    user: owner.optional().describe('Whose table; of a `cron_file`, who runs the job (root).'),
    cron_file: name
      .refine((v) => /^(\/etc\/cron\.d\/)?[A-Za-z0-9_-]+$/.test(v), 'must be a name in /etc/cron.d: no dots')
      .optional()
      .describe('A file in /etc/cron.d in the place of the user’s own table.'),
    backup: bool
      .default(false)
      .describe('Keep the old table: of a `cron_file` beside it, else as /tmp/crontab.….'),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    if (value.state === 'present' && value.job === undefined) issue('is needed', 'job')
    if (value.env && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(value.name))
      issue('is not the name of a variable', 'name')
  })

type Args = z.output<typeof args>

const findCrontab = `PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
command -v crontab >/dev/null 2>&1 || { echo 'this host has no crontab' >&2; exit 1; }
cron() {
  if [ -n "$user" ]; then crontab -u "$user" "$@"; else crontab "$@"; fi
}
`

// crontab -l fails where there is no table, and says so; any other failure is one.
const probeScript = shellScript(
  'probe-crontab',
  'probe',
  ['user'],
  `command -v crontab >/dev/null 2>&1 || { echo none; exit 0; }
${findCrontab}echo there
if ! table=$(cron -l 2>/dev/null); then
  table=$(cron -l 2>&1) && exit 1
  case $table in
    *'no crontab for'* | *"can't open"*) exit 0 ;;
  esac
  printf '%s\\n' "$table" >&2
  exit 1
fi
printf '%s' "$table"`,
)

const applyScript = shellScript(
  'write-crontab',
  'apply',
  ['user', 'content', 'before', 'backup'],
  `${findCrontab}old=$(cron -l 2>/dev/null) || old=''
if [ "$old" != "$before" ]; then
  echo 'the crontab was changed by someone else meanwhile' >&2
  exit 1
fi
saved=''
if [ "$backup" = yes ] && [ -n "$old" ]; then
  saved=$(mktemp /tmp/crontab.XXXXXX) && printf '%s\\n' "$old" >"$saved" || exit 1
fi
printf '%s' "$content" | cron - || exit 1
printf '%s' "$saved"`,
)

type State =
  | { readonly kind: 'file'; readonly answer: FileAnswer }
  | { readonly kind: 'table'; readonly lines: readonly string[] }
  | { readonly kind: 'none' }
type Work = { readonly file: FileWork } | { readonly before: string; readonly table: string }

const fileOf = ({ cron_file = '' }: Args) =>
  cron_file.startsWith('/') ? cron_file : `/etc/cron.d/${cron_file}`

/** Jobs of cron. */
export const cron = defineModule({
  name: 'cron',
  doc: {
    summary: 'Manage a job in a table of cron',
    examples: [
      '- name: Snapshots\n  cron: { name: etcd snapshot, minute: "0", hour: "*/6", job: /usr/local/bin/k3s etcd-snapshot save, cron_file: k3s }',
    ],
  },
  args,
  aliases: { value: 'job', dom: 'day', dow: 'weekday' },
  readsAhead: true,
  async probe(host, args: Args): Promise<State> {
    if (args.cron_file !== undefined)
      return {
        kind: 'file',
        answer: await probeFile(host, { path: fileOf(args), contentLimit: 1024 * 1024 }),
      }
    const said = outputText((await host.query(probeScript({ user: args.user ?? '' }))).stdout)
    const [head, ...lines] = said.split('\n')
    return head === 'none' ? { kind: 'none' } : { kind: 'table', lines }
  },
  diff(args, state): Change<Work> | undefined {
    if (state.kind === 'none')
      return args.state === 'absent'
        ? undefined
        : {
            summary: [`add the job ${args.name}`],
            requires: ['command:crontab'],
            data: { before: '', table: '' },
          }
    const lines = state.kind === 'file' ? linesOfAnswer(state.answer).lines : state.lines
    const runner = args.cron_file === undefined ? '' : (args.user ?? 'root')
    const after = editCrontab({ ...args, runner }, lines)
    const body = (all: readonly string[]) => all.map((line) => `${line}\n`).join('')
    if (body(after) === body(lines)) return undefined
    if (state.kind === 'table')
      return {
        summary: [`change the crontab of ${args.user ?? 'this user'}`],
        differences: [{ subject: 'crontab', before: body(lines), after: body(after) }],
        data: { before: lines.join('\n'), table: body(after) },
      }
    const change = planText({ backup: args.backup }, state.answer, body(after))
    return change && { ...change, data: { file: change.data } }
  },
  async apply(host, args, { data, requires }) {
    if ('file' in data) return applyFile(host, data.file)
    if (requires?.length)
      throw new ModuleFailure('this host has no crontab', {}, 'the package is called cron')
    const { user = '', backup } = args
    const values = { user, content: data.table, before: data.before, backup: backup ? 'yes' : 'no' }
    const saved = outputText((await mustRun(host, applyScript(values), 'write the crontab')).stdout)
    return saved === '' ? {} : { backup_file: saved }
  },
  result: (args) => ({ name: args.name, state: args.state }),
})
