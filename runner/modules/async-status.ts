import { z } from 'zod'
import { askJob, forgetJob, jobFields, jobIdRule } from './async/job.js'
import { defineModule, ModuleFailure } from './module.js'

const args = z.strictObject({
  jid: z
    .string()
    .regex(jobIdRule, 'must be the ansible_job_id of a task')
    .describe('The job: `ansible_job_id` of the task that started it.'),
  mode: z
    .enum(['status', 'cleanup'])
    .default('status')
    .describe('`cleanup` removes what it left on the host.'),
})

type Args = z.output<typeof args>

/** Asks for a job that `async` with `poll: 0` started. */
export const asyncStatus = defineModule({
  name: 'async_status',
  doc: {
    summary: 'Ask how a job stands that a task started with async and poll: 0',
    description:
      'Ask as the user that started it: its state is kept in `~/.tsplay_async`. A job that ended with another exit code ' +
      'than 0, or was stopped at its limit, fails here. It never counts as a change: the task that started the job did.',
    examples: [
      `- name: The long one has ended
  async_status: { jid: <%= long.ansible_job_id %> }
  register: job
  until: job.finished
  retries: 60
  delay: 5`,
    ],
  },
  args,
  probe: (host, { jid }: Args) => askJob(host, jid),
  diff({ jid, mode }, report) {
    if (mode === 'status') return undefined
    if (report.state === 'absent') return undefined
    if (report.state === 'running')
      throw new ModuleFailure(`the job ${jid} still runs`, {}, 'wait for it first: until: job.finished')
    return { summary: [`remove ${report.folder}`], data: undefined }
  },
  async apply(host, { jid }) {
    await forgetJob(host, jid)
    return { erased: true }
  },
  result: ({ jid, mode }, report) => (mode === 'status' ? jobFields(jid, report) : { ansible_job_id: jid }),
})
