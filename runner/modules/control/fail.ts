import { z } from 'zod'
import { ModuleFailure } from '../module.js'
import { defineControl } from './control.js'

export const failModule = defineControl({
  name: 'fail',
  doc: {
    summary: 'Fail with a message',
    examples: ['- fail: { msg: needs cgroup v2 }\n  when: facts.cgroup.version !== 2'],
  },
  args: z.strictObject({
    msg: z.string().default('Failed as requested from task').describe('What to say'),
  }),
  looksOnly: true,
  run(args) {
    throw new ModuleFailure(args.msg)
  },
})
