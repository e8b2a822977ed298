import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { defineModule } from './module.js'
import { askUntil, mayPass } from './reconnect.js'
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

const secondsSince = (since: number): number => Math.round((Date.now() - since) / 1000)

/** Waits for a host, whether it was reached before or not. */
export const waitForConnection = defineModule({
  name: 'wait_for_connection',
  doc: {
    summary: 'Wait until the host can be reached',
    description:
      'A host that boots, or that something took the connection of: a new address of the network, a firewall. ' +
      'In a play of its own it wants `gather_facts: false`. What waiting cannot help (a host key, a password) ends it at once.',
    examples: ['- name: The machine has booted\n  wait_for_connection: { delay: 2, timeout: 120 }'],
  },
  args,
  awaitsHost: true,
  async probe(host, args: Args) {
    const since = Date.now()
    if (args.delay > 0) return { reached: false, since, elapsed: 0 }
    try {
      const answer = await host.run({
        ...script({}),
        repeatable: true,
        timeoutMs: args.connect_timeout * 1000,
      })
      return { reached: answer.code === 0, since, elapsed: secondsSince(since) }
    } catch (error) {
      if (!mayPass(error)) throw error
      return { reached: false, since, elapsed: secondsSince(since) }
    }
  },
  diff: (_args, { reached, since }) =>
    reached ? undefined : { summary: ['wait for the connection'], waits: true, data: since },
  async apply(host, args, { data: since }) {
    await sleep(args.delay * 1000)
    const patience = { timeout: args.timeout, pause: args.sleep, attempt: Math.max(1, args.connect_timeout) }
    await askUntil(host, script({}), ({ code }) => code === 0, patience)
    return { elapsed: secondsSince(since) }
  },
  // A first attempt may have waited long before it came through.
  result: (_args, { elapsed }) => ({ elapsed }),
})
