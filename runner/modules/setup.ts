import { z } from 'zod'
import { readFacts } from './facts/parse.js'
import { factsScript } from './facts/script.js'
import { defineModule } from './module.js'
import { seconds, textList } from './schema.js'

const args = z.strictObject({
  gather_subset: textList
    .default(['all'])
    .describe('Accepted; everything is asked for in one round trip anyway.'),
  gather_timeout: seconds.default(30).describe('How long the host may take.'),
})

type Args = z.output<typeof args>

/** Gathers the facts of a host. */
export const setup = defineModule({
  name: 'setup',
  doc: {
    summary: 'Gather the facts of the host',
    description: 'What plays do by themselves unless `gather_facts: false`. Everything stands under `facts`.',
    examples: ['- name: Look again\n  setup:'],
  },
  args,
  async probe(host, args: Args) {
    const startMs = Date.now()
    const { stdout } = await host.query(factsScript({}, { timeoutMs: args.gather_timeout * 1000 }))
    return readFacts(stdout.toString('utf8'), { startMs, endMs: Date.now() })
  },
  diff: () => undefined,
  apply: async () => ({}),
  result: (_args, facts) => ({ facts }),
})
