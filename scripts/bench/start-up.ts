import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Bench } from './bench.js'
import { withLargePlaybook } from './large-playbook.js'
import { table } from './page.js'
import { runProcess, tsplay } from './process.js'
import { against, median } from './statistics.js'

const rounds = 5
const manyTasks = 10_000
const largeName = `\`tsplay --syntax-check\` of ${manyTasks.toLocaleString('en')} tasks`
const root = resolve(import.meta.dirname, '../..')

/** What it costs to start at all, and to read and check a playbook, beyond starting Node.js. */
export const startUp: Bench = {
  name: 'start-up',
  run: {
    on: 'controller',
    measure: () => withLargePlaybook(manyTasks, measure),
  },
}

async function measure(large: string, largeInventory: string): Promise<string> {
  const inventory = ['-i', 'inventories/single.yaml']
  const playbooks = readdirSync(resolve(root, 'playbooks')).filter((name) => name.endsWith('.yaml'))
  const commands = new Map<string, readonly string[]>([
    ['`node -e 0`', ['node', '-e', '0']],
    ['`tsplay --version`', [...tsplay, '--version']],
    ...playbooks.map((name): [string, string[]] => [
      `\`tsplay --syntax-check ${name}\``,
      [...tsplay, ...inventory, '--syntax-check', name],
    ]),
    [largeName, [...tsplay, '-i', largeInventory, '--syntax-check', large]],
  ])
  const times = new Map([...commands.keys()].map((name) => [name, [] as number[]]))
  // In turns, so that a machine that is busy for a while is so for all of them.
  for (let round = 0; round < rounds; round++)
    for (const [name, command] of commands) times.get(name)!.push((await runProcess(command)).seconds * 1000)
  return describe(times)
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

Medians of ${rounds}. \`--version\` over bare Node.js, ms: ${against(own, '≤', 60, 0)}. The playbook of
${manyTasks.toLocaleString('en')} tasks, ms: ${against(median(times.get(largeName)!), '≤', 2000, 0)}.`
}
