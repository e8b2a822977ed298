import { z } from 'zod'
import { defineModule } from './module.js'
import { text } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({ data: text.default('pong').describe('What comes back as `ping`.') })

type Args = z.output<typeof args>

const script = shellScript('ping', 'probe', ['data'], `printf '%s' "$data"`)

/** Says whether a host can be entered and runs scripts. */
export const ping = defineModule({
  name: 'ping',
  doc: { summary: 'Enter the host and let it answer', examples: ['- name: Is it there?\n  ping:'] },
  args,
  async probe(host, args: Args) {
    return (await host.query(script({ data: args.data }))).stdout.toString('utf8')
  },
  diff: () => undefined,
  apply: async () => ({}),
  result: (_args, answer) => ({ ping: answer }),
})
