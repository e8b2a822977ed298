import { basename } from 'node:path'
import { z } from 'zod'
import { guardArgs, guardResult, probeGuards, runCommand } from './guarded.js'
import { type Controller, defineModule } from './module.js'
import { path, reveal, text } from './schema.js'
import { shellScript } from './script.js'
import { joinWords, splitWords, WordsError } from './words.js'

const args = z
  .strictObject({
    cmd: text.describe('A script of the controller (in files/), and its arguments.'),
    executable: path.optional().describe('The program that runs it; without it, its first line says.'),
    ...guardArgs,
  })
  .superRefine((value, context) => {
    try {
      if (splitWords(value.cmd).length > 0) return
      context.addIssue({ code: 'custom', message: 'names no script', path: ['cmd'] })
    } catch (error) {
      if (!(error instanceof WordsError)) throw error
      context.addIssue({ code: 'custom', message: error.message, path: ['cmd'] })
    }
  })

type Args = z.output<typeof args> & {
  /** Added by `prepare`. */
  readonly program?: Buffer
}

const script = shellScript(
  'run-script',
  'apply',
  ['chdir', 'executable', 'program', 'words'],
  `umask 077
folder=$(mktemp -d) || exit 1
trap 'rm -rf -- "$folder"' EXIT
trap 'exit 143' HUP INT TERM
printf '%s' "$program" >"$folder/script" || exit 1
chmod 700 "$folder/script" || exit 1
umask 022
if [ -n "$chdir" ]; then CDPATH='' cd -- "$chdir" || exit 127; fi
eval "set -- $words"
if [ -n "$executable" ]; then
  "$executable" "$folder/script" "$@"
else
  "$folder/script" "$@"
fi`,
)

/** Runs a script of the controller. */
export const runScript = defineModule({
  name: 'script',
  doc: {
    summary: 'Run a script of the controller on the host',
    description:
      'It is removed again. As `command`, it always counts as a change unless `creates` or `removes` speaks.',
    examples: ['- name: Measure\n  script: { cmd: measure.sh --fast, creates: /var/lib/measured }'],
  },
  args: args as z.ZodType<Args>,
  freeForm: 'cmd',
  canDetach: true,
  async prepare(args: Args, controller: Controller): Promise<Args> {
    const [file = ''] = splitWords(args.cmd)
    return { ...args, program: await controller.readFile(controller.find('files', file)) }
  },
  probe: (host, args: Args) => probeGuards(host, args),
  diff(args, state) {
    if (state.skip !== undefined) return undefined
    return { summary: [`run ${basename(splitWords(args.cmd)[0]!)}`], provides: ['*'], data: undefined }
  },
  apply(host, args) {
    const words = joinWords(splitWords(args.cmd).slice(1))
    const values = {
      chdir: args.chdir ?? '',
      executable: args.executable ?? '',
      program: args.program!,
      words,
    }
    const stdin =
      args.stdin === undefined ? {} : { stdin: reveal(args.stdin) + (args.stdin_add_newline ? '\n' : '') }
    return runCommand(host, args, args.cmd, script(values, stdin))
  },
  result: (args, state) => guardResult(args.cmd, state),
})
