import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Bench } from './bench.js'
import { table } from './page.js'
import { runProcess } from './process.js'
import { against, median } from './statistics.js'

const rounds = 11
const root = resolve(import.meta.dirname, '../..')

/** What it costs to start at all, and to read and check a playbook, beyond starting Node.js. */
export const startUp: Bench = {
  name: 'start-up',
  run: {
    on: 'controller',
    async measure() {
      const tsplay = ['node', 'dist/runner/cli.js']
      const inventory = ['-i', 'inventories/single.yaml']
      const playbooks = readdirSync(resolve(root, 'playbooks')).filter((name) => name.endsWith('.yaml'))
      const commands = new Map<string, readonly string[]>([
        ['`node -e 0`', ['node', '-e', '0']],
        ['`tsplay --version`', [...tsplay, '--version']],
        ...playbooks.map((name): [string, string[]] => [
          `\`tsplay --syntax-check ${name}\``,
          [...tsplay, ...inventory, '--syntax-check', name],
        ]),
      ])
      const times = new Map([...commands.keys()].map((name) => [name, [] as number[]]))
      // In turns, so that a machine that is busy for a while is so for all of them.
      for (let round = 0; round < rounds; round++)
        for (const [name, command] of commands)
          times.get(name)!.push((await runProcess(command)).seconds * 1000)
      return describe(times)
    },
  },
}

function describe(times: ReadonlyMap<string, readonly number[]>): string {
  const bare = median(times.get('`node -e 0`')!)
  const rows = [...times].map(([name, taken]) => [
    name,
    median(taken).toFixed(0),
    (median(taken) - bare).toFixed(0),
  ])
  const own = median(times.get('`tsplay --version`')!) - bare
  return `${table(['', 'ms', 'ms over bare Node.js'], rows)}

Medians of ${rounds}. \`--version\` over bare Node.js, ms: ${against(own, '≤', 60, 0)}.`
}
