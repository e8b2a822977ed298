import type { Bench } from './bench.js'
import { table } from './page.js'
import { runTsplay } from './process.js'
import { fiveHosts } from './second-run.js'
import { timeline } from './timeline.js'

/** What the services take for themselves: a start that returns when k3s is ready, and what the cluster needs after that. */
const ownStart = /^start k3s|^\S+ is Ready$/

/** How long a run of cluster.yaml takes on three servers and two agents as they come, and how much of it is the services'. */
export const firstRun: Bench = {
  name: 'first-run',
  run: {
    on: 'lab',
    async measure(bed) {
      const rows: string[][] = []
      for (let nth = 1; nth <= 3; nth++) {
        await Promise.all(bed.hosts.map(({ name }) => bed.fresh(name)))
        const inventory = bed.write('cluster.yaml', fiveHosts())
        const { seconds, stdout } = await runTsplay(['-i', inventory, 'cluster.yaml', '--output', 'jsonl'])
        const own = timeline(stdout)
          .filter(({ task }) => ownStart.test(task.name))
          .reduce((sum, ran) => sum + ran.seconds, 0)
        console.log(`first-run: ${seconds.toFixed(1)} s, of it ${own.toFixed(1)} s the services' own start`)
        rows.push([String(nth), seconds.toFixed(1), own.toFixed(1), (seconds - own).toFixed(1)])
      }
      return table(['run', 'whole process, s', "services' own start", 'everything else'], rows)
    },
  },
}
