import { z } from 'zod'
import { defineControl } from './control.js'

export const debugModule = defineControl({
  name: 'debug',
  doc: {
    summary: 'Show a message or a variable',
    examples: ['- debug: { msg: "joined <%= groups.agent.length %> agents" }', '- debug: { var: facts.os }'],
  },
  args: z.strictObject({
    msg: z.unknown().optional().describe('What to show; any value'),
    var: z.unknown().optional().describe('An expression whose value is shown'),
    verbosity: z.coerce
      .number()
      .int()
      .nonnegative()
      .default(0)
      .describe('Say it only where `-v` was given so many times'),
  }),
  looksOnly: true,
  expressions: ['var'],
  run(args, { verbosity }) {
    if (args.verbosity > verbosity) return { fields: { skipped_reason: 'Verbosity threshold not met.' } }
    if (args.var !== undefined) return { fields: { value: args.var, msg: args.var }, says: args.var }
    const msg = args.msg ?? 'Hello world!'
    return { fields: { msg }, says: msg }
  },
})
