import { z } from 'zod'
import { Secret } from '../secrets/secret.js'
import { guardArgs, guardResult, probeGuards, runCommand } from './guarded.js'
import { defineModule } from './module.js'
import { reveal, secretText, text } from './schema.js'
import { shellScript } from './script.js'
import { joinWords, splitWords, WordsError } from './words.js'

const inlineOption = /^(creates|removes|chdir|stdin|executable|warn)=/

const args = z
  .strictObject({
    cmd: secretText
      .optional()
      .describe('The command line, split into words as Python’s shlex does. No shell reads it.'),
    argv: z.array(text).min(1).optional().describe('The command as a list of words.'),
    ...guardArgs,
  })
  .superRefine((value, context) => {
    if ((value.cmd === undefined) === (value.argv === undefined))
      context.addIssue({ code: 'custom', message: 'give the command line, or argv: one of the two' })
    if (value.cmd !== undefined) checkLine(reveal(value.cmd), context)
  })

function checkLine(line: string, context: z.RefinementCtx) {
  const issue = (message: string) => context.addIssue({ code: 'custom', path: ['cmd'], message })
  try {
    const words = splitWords(line)
    if (words.length === 0) issue('the command is empty')
    const option = words.find((word) => inlineOption.test(word))
    if (option)
      issue(`${option.replace(/=.*/s, '')}= inside the command line is not read: make it an argument`)
  } catch (error) {
    if (!(error instanceof WordsError)) throw error
    issue(error.message)
  }
}

type Args = z.output<typeof args>

const script = shellScript(
  'command',
  'apply',
  ['chdir', 'words'],
  `if [ -n "$chdir" ]; then CDPATH='' cd -- "$chdir" || exit 127; fi
eval "exec $words"`,
)

function wordsOf({ argv, cmd }: Args): string[] {
  return argv ?? splitWords(reveal(cmd!))
}

/** Runs a program without a shell. */
export const command = defineModule({
  name: 'command',
  doc: {
    summary: 'Run a program on the host, without a shell',
    description:
      'Words are split on the controller and each reaches the program as it is: no variables, globs, pipes or ' +
      'redirections. It always counts as a change, unless `creates` or `removes` says that there is nothing to do.',
    examples: [
      '- name: Ask the cluster\n  command: k3s kubectl get nodes -o json\n  register: nodes\n  changed_when: false',
      '- name: Unpack once\n  command:\n    argv: [tar, -xf, /tmp/a.tar]\n    chdir: /opt\n    creates: /opt/a',
    ],
  },
  args,
  freeForm: 'cmd',
  canDetach: true,
  probe: (host, args: Args) => probeGuards(host, args),
  diff(args, state) {
    if (state.skip !== undefined) return undefined
    const shown = args.cmd instanceof Secret ? '***' : wordsOf(args).join(' ')
    return { summary: [`run ${shown}`], provides: ['*'], data: undefined }
  },
  apply(host, args) {
    const line = joinWords(wordsOf(args))
    const words = args.cmd instanceof Secret ? new Secret(line) : line
    const shown = args.cmd instanceof Secret ? '***' : wordsOf(args)
    return runCommand(host, args, shown, script({ chdir: args.chdir ?? '', words }, stdinOf(args)))
  },
  result: (args, state) => guardResult(args.cmd instanceof Secret ? '***' : wordsOf(args), state),
})

function stdinOf({ stdin, stdin_add_newline }: Args) {
  if (stdin === undefined) return {}
  return { stdin: reveal(stdin) + (stdin_add_newline ? '\n' : '') }
}
