import { z } from 'zod'
import { defineControl } from './control.js'

const seconds = z.coerce.number().nonnegative()

export const pauseModule = defineControl({
  name: 'pause',
  doc: {
    summary: 'Wait, or ask the person at the terminal',
    examples: ['- pause: { seconds: 10 }', '- pause: { prompt: Continue with Enter }\n  register: answer'],
  },
  args: z.strictObject({
    seconds: seconds.optional().describe('How long to wait'),
    minutes: seconds.optional().describe('How long to wait'),
    prompt: z.string().optional().describe('What to ask; without a time it waits for an answer'),
    echo: z.boolean().default(true).describe('Show what is typed'),
  }),
  async run(args, control) {
    const wait = (args.seconds ?? 0) + 60 * (args.minutes ?? 0)
    if (args.seconds === undefined && args.minutes === undefined) {
      const text = args.prompt ?? 'Press Enter to continue'
      return { fields: { user_input: await control.prompt(text, { private: !args.echo }) } }
    }
    if (!control.checkMode) await control.sleep(wait * 1000)
    return { fields: { delta: wait } }
  },
})
