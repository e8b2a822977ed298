import { z } from 'zod'
import { ModuleFailure } from '../module.js'
import { defineControl } from './control.js'

export const assertModule = defineControl({
  name: 'assert',
  doc: {
    summary: 'Fail unless every condition holds',
    examples: [
      `- assert:
    that:
      - groups.server.length % 2 === 1
    fail_msg: etcd wants an odd number of servers`,
    ],
  },
  args: z.strictObject({
    fail_msg: z.string().optional().describe('What to say when a condition is false'),
    msg: z.string().optional().describe('The same as fail_msg'),
    success_msg: z.string().optional().describe('What to say when all hold'),
    quiet: z.boolean().default(false).describe('Accepted for the sake of existing playbooks'),
  }),
  looksOnly: true,
  conditions: ['that'],
  run(args, control) {
    const assertion = control.firstFalse('that')
    if (assertion === undefined) return { fields: { msg: args.success_msg ?? 'All assertions passed' } }
    throw new ModuleFailure(args.fail_msg ?? args.msg ?? `assertion failed: ${assertion}`, {
      assertion,
      evaluated_to: false,
    })
  },
})
