import type { Script } from '../transport/transport.js'
import { type ApplyHost, ModuleFailure, type ProbeHost, type ResultFields } from './module.js'
import { outputFields, timing } from './outcome.js'
import { bool, path, secretText, text } from './schema.js'
import { shellScript } from './script.js'

/** The arguments that `command`, `shell` and `script` share. */
export const guardArgs = {
  chdir: path.optional().describe('Run in this folder.'),
  creates: text.optional().describe('A path or glob: where it exists, nothing is run.'),
  removes: text.optional().describe('A path or glob: where it does not exist, nothing is run.'),
  stdin: secretText.optional().describe('What the program reads from its standard input.'),
  stdin_add_newline: bool.default(true).describe('End `stdin` with a newline.'),
}

interface GuardArgs {
  readonly chdir?: string | undefined
  readonly creates?: string | undefined
  readonly removes?: string | undefined
}

/** Why there is nothing to run, where `creates` or `removes` says so. */
export interface GuardState {
  readonly skip?: string
}

// A path that cannot be looked at is not absent: the folder a plain path stands in must be searchable.
const guardScript = shellScript(
  'creates-removes',
  'probe',
  ['chdir', 'creates', 'removes'],
  `if [ -n "$chdir" ]; then CDPATH='' cd -- "$chdir" || exit 1; fi
there() {
  IFS=''
  # shellcheck disable=SC2086 # a glob is meant
  for there_path in $1; do
    if [ -e "$there_path" ] || [ -L "$there_path" ]; then return 0; fi
  done
  unset IFS
  there_dir=$1
  while case $there_dir in */*) true ;; *) false ;; esac; do
    there_dir=\${there_dir%/*}
    if [ -d "\${there_dir:-/}" ]; then
      case $1 in
        *[*?[]*) [ -x "\${there_dir:-/}" ] && [ -r "\${there_dir:-/}" ] && return 1 ;;
        *) [ -x "\${there_dir:-/}" ] && return 1 ;;
      esac
      printf '%s\\n' "permission denied: \${there_dir:-/}" >&2
      exit 1
    fi
  done
  return 1
}
if [ -n "$creates" ] && there "$creates"; then echo creates; fi
if [ -n "$removes" ] && ! there "$removes"; then echo removes; fi`,
)

/** No round trip at all without `creates` or `removes`. */
export async function probeGuards(host: ProbeHost, args: GuardArgs): Promise<GuardState> {
  const { chdir = '', creates = '', removes = '' } = args
  if (creates === '' && removes === '') return {}
  const { stdout } = await host.query(guardScript({ chdir, creates, removes }))
  const said = stdout.toString().trim().split('\n')
  if (said.includes('creates')) return { skip: `${creates} exists` }
  if (said.includes('removes')) return { skip: `${removes} does not exist` }
  return {}
}

/** The result of a command that was not run. */
export function guardResult(cmd: unknown, state: GuardState): ResultFields {
  const why = state.skip === undefined ? {} : { msg: `not run: ${state.skip}` }
  return { cmd, rc: 0, stdout: '', stderr: '', stdout_lines: [], stderr_lines: [], ...why }
}

/**
 * Run a person's command and tell how it ended.
 * @throws ModuleFailure with all fields when it exits other than 0; `changed`, as it may have done something before
 */
export async function runCommand(
  host: ApplyHost,
  args: GuardArgs,
  cmd: unknown,
  script: Script,
): Promise<ResultFields> {
  const start = Date.now()
  const completed = await host.run(script)
  const fields = { cmd, ...outputFields(completed), ...timing(start, Date.now()) }
  if (completed.code === 0) return fields
  const where = args.chdir === undefined ? {} : { chdir: args.chdir }
  const msg = 'non-zero return code'
  throw new ModuleFailure(msg, { ...fields, ...where, msg, changed: true })
}
