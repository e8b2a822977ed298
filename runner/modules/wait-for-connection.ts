import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ConnectError } from '../transport/transport.js'
import { defineModule, HostError } from './module.js'
import { askUntil } from './reconnect.js'
import { seconds } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({
  timeout: seconds.default(600).describe('How long to wait.'),
  delay: seconds.default(0).describe('Before the first try.'),
  sleep: seconds.default(1).describe('Between two tries.'),
  connect_timeout: seconds.default(5).describe('For one try.'),
})

type Args = z.output<typeof args>

const script = shellScript('answer', 'probe', [], ':')

/** Waits for a host that was reached before. */
export const waitForConnection = defineModule({
  name: 'wait_for_connection',
  doc: {
    summary: 'Wait until the host can be reached again',
    description: 'After something took its connection: a new address of the network, a firewall, a reboot.',
    examples: ['- name: The network is back\n  wait_for_connection: { delay: 2, timeout: 120 }'],
  },
  args,
  async probe(host, args: Args) {
    if (args.delay > 0) return { reached: false }
    try {
      const answer = await host.run({
        ...script({}),
        repeatable: true,
        timeoutMs: args.connect_timeout * 1000,
      })
      return { reached: answer.code === 0 }
    } catch (error) {
      if (error instanceof ConnectError || (error instanceof HostError && error.kind !== 'aborted'))
        return { reached: false }
      throw error
    }
  },
  diff: (_args, { reached }) =>
    reached ? undefined : { summary: ['wait for the connection'], waits: true, data: undefined },
  async apply(host, args) {
    const start = Date.now()
    await sleep(args.delay * 1000)
    const patience = { timeout: args.timeout, pause: args.sleep, attempt: Math.max(1, args.connect_timeout) }
    await askUntil(host, script({}), ({ code }) => code === 0, patience)
    return { elapsed: Math.round((Date.now() - start) / 1000) }
  },
  result: () => ({ elapsed: 0 }),
})
