import { z } from 'zod'
import { Secret } from '../secrets/secret.js'
import { guardArgs, guardResult, probeGuards, runCommand } from './guarded.js'
import { defineModule } from './module.js'
import { path, reveal, secretText } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({
  cmd: secretText
    .refine((v) => reveal(v).trim() !== '', 'the command is empty')
    .describe('The program that the shell reads.'),
  executable: path.default('/bin/sh').describe('The shell.'),
  ...guardArgs,
})

type Args = z.output<typeof args>

const script = shellScript(
  'shell',
  'apply',
  ['chdir', 'executable', 'program'],
  `if [ -n "$chdir" ]; then CDPATH='' cd -- "$chdir" || exit 127; fi
exec "$executable" -c "$program"`,
)

/** Runs a line of shell. */
export const shell = defineModule({
  name: 'shell',
  doc: {
    summary: 'Run a line of shell on the host',
    description:
      'Values inserted with `<%= %>` become part of the program: quote them, or use `command`, which needs no quoting.',
    examples: [
      '- name: Count the pods\n  shell: k3s crictl pods | wc -l\n  register: pods\n  changed_when: false',
    ],
  },
  args,
  freeForm: 'cmd',
  canDetach: true,
  probe: (host, args: Args) => probeGuards(host, args),
  diff(args, state) {
    if (state.skip !== undefined) return undefined
    return { summary: [`run ${String(args.cmd)}`], provides: ['*'], data: undefined }
  },
  apply(host, args) {
    const stdin =
      args.stdin === undefined ? {} : { stdin: reveal(args.stdin) + (args.stdin_add_newline ? '\n' : '') }
    const values = { chdir: args.chdir ?? '', executable: args.executable, program: args.cmd }
    return runCommand(host, args, shownOf(args.cmd), script(values, stdin))
  },
  result: (args, state) => guardResult(shownOf(args.cmd), state),
})

function shownOf(cmd: string | Secret): string {
  return cmd instanceof Secret ? '***' : cmd
}
