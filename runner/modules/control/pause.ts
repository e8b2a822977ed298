import { z } from 'zod'
import { bool, seconds } from '../schema.js'
import { defineControl } from './control.js'

export const pauseModule = defineControl({
  name: 'pause',
  once: true,
  doc: {
    summary: 'Wait, or ask the person at the terminal',
    description:
      'Once for all hosts of the batch. With a time it waits so long, in check mode not at all; a prompt is shown meanwhile, ' +
      'and Enter goes on at once. Without a time it waits for an answer, which is `user_input`. Ctrl-C ends the run.',
    examples: [
      '- pause: { seconds: 10 }',
      '- pause: { prompt: Continue with Enter }\n  register: answer',
      '- pause: { minutes: 1, prompt: The balancer takes notice }',
    ],
  },
  args: z
    .strictObject({
      seconds: seconds.optional().describe('How long to wait.'),
      minutes: seconds.optional().describe('How long to wait.'),
      prompt: z.string().optional().describe('What to ask or, with a time, what to say.'),
      echo: bool.default(true).describe('Show what is typed.'),
    })
    .refine(
      (value) => value.seconds === undefined || value.minutes === undefined,
      'give seconds, or minutes: one of the two',
    ),
  async run(args, control) {
    const time = args.seconds ?? (args.minutes === undefined ? undefined : args.minutes * 60)
    const start = new Date()
    let user_input = ''
    if (time === undefined) {
      const text = args.prompt ?? 'Press Enter to continue'
      user_input = await control.prompt(text, { private: !args.echo })
    } else if (!control.checkMode) await control.sleep(time * 1000, args.prompt)
    return { fields: { ...waited(start, new Date()), user_input, echo: args.echo, rc: 0 } }
  },
})

/** What Ansible's result tells of the time. */
function waited(start: Date, stop: Date) {
  const seconds = (stop.getTime() - start.getTime()) / 1000
  const stdout = `Paused for ${Math.round(seconds * 100) / 100} seconds`
  return { start: start.toISOString(), stop: stop.toISOString(), delta: Math.floor(seconds), stdout }
}
