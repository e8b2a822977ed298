import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { defineModule, ModuleFailure } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { askUntil } from './reconnect.js'
import { name, seconds, text } from './schema.js'
import { shellScript } from './script.js'
import { isCommand, joinWords, splitWords } from './words.js'

const args = z.strictObject({
  reboot_timeout: seconds.default(600).describe('How long it may take until the host is back.'),
  pre_reboot_delay: seconds.default(0).describe('Wait before it goes down.'),
  post_reboot_delay: seconds.default(0).describe('Wait once it is back.'),
  connect_timeout: seconds.default(10).describe('For one try to reach it.'),
  test_command: text.default('').describe('A line of sh that must succeed before the host counts as back.'),
  reboot_command: text
    .refine(isCommand, 'must be the words of a command')
    .optional()
    .describe('What reboots it, in the place of systemctl or reboot: a program, with its arguments.'),
  msg: name.default('Reboot initiated by tsplay').describe('Said to those who are logged in.'),
})

type Args = z.output<typeof args>

const bootScript = shellScript('boot-id', 'probe', [], 'cat /proc/sys/kernel/random/boot_id')

const testScript = shellScript(
  'boot-test',
  'probe',
  ['test'],
  `cat /proc/sys/kernel/random/boot_id || exit 1
if [ -n "$test" ]; then ( eval "$test" ) >&2 </dev/null || exit 1; fi`,
)

// It must answer before the host goes down: the reboot is left to a process of its own, a second later.
const rebootScript = shellScript(
  'reboot-host',
  'apply',
  ['delay', 'command', 'msg'],
  `PATH=$PATH:/usr/sbin:/sbin
export PATH
if [ -z "$command" ] && ! command -v systemctl >/dev/null 2>&1 && ! command -v reboot >/dev/null 2>&1; then
  echo 'this host has neither systemctl nor reboot' >&2
  exit 1
fi
eval "set -- $command"
if [ -n "$command" ] && ! command -v "$1" >/dev/null 2>&1; then printf '%s\\n' "not a program: $1" >&2; exit 1; fi
if command -v wall >/dev/null 2>&1; then printf '%s\\n' "$msg" | wall 2>/dev/null || :; fi
go() {
  trap '' HUP
  sleep "$delay"
  if [ $# -gt 0 ]; then "$@"
  elif [ -d /run/systemd/system ]; then systemctl reboot
  else reboot
  fi
}
go "$@" </dev/null >/dev/null 2>&1 &`,
)

/** Reboots a host. */
export const reboot = defineModule({
  name: 'reboot',
  doc: {
    summary: 'Reboot the host and wait until it is back',
    description:
      'It is back when its boot id is another and `test_command` succeeds; a host that only closed the connection is not. ' +
      'It is a change every time.',
    examples: [
      '- name: With the new kernel\n  reboot: { reboot_timeout: 300, test_command: systemctl is-active k3s }',
    ],
  },
  args,
  async probe(host, _args: Args) {
    return outputText((await host.query(bootScript({}))).stdout)
  },
  diff: (_args, bootId) => ({ summary: ['reboot the host'], provides: ['*'], data: bootId }),
  async apply(host, args, { data: before }) {
    const start = Date.now()
    const values = {
      delay: `${Math.max(1, args.pre_reboot_delay)}`,
      command: joinWords(splitWords(args.reboot_command ?? '')),
      msg: args.msg,
    }
    await mustRun(host, rebootScript(values), 'reboot the host')
    const isBack = (said: Buffer) =>
      said.toString('utf8').trim() !== '' && outputText(said).split('\n')[0] !== before
    const patience = { timeout: args.reboot_timeout, pause: 1, attempt: Math.max(1, args.connect_timeout) }
    const answer = await askUntil(
      host,
      testScript({ test: args.test_command }),
      ({ code, stdout }) => code === 0 && isBack(stdout),
      patience,
    ).catch((error: unknown) => {
      if (error instanceof ModuleFailure) throw new ModuleFailure(error.message, { rebooted: false })
      throw error
    })
    await sleep(args.post_reboot_delay * 1000)
    const elapsed = Math.round((Date.now() - start) / 1000)
    return { rebooted: true, elapsed, boot_id: outputText(answer.stdout) }
  },
  result: (_args, boot_id) => ({ rebooted: false, elapsed: 0, boot_id }),
})
