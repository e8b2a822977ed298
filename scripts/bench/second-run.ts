import { renderInventory } from '../../test/lab/inventory.js'
import { labDir } from '../../test/lab/paths.js'
import { readState } from '../../test/lab/state.js'
import type { Bench } from './bench.js'
import { table, writeFigure } from './page.js'
import { runTsplay } from './process.js'
import { checkRecap } from './recap.js'

const counted = 7

/** How long a run of cluster.yaml takes that finds nothing to do, on three servers and two agents. */
export const secondRun: Bench = {
  name: 'second-run',
  run: {
    on: 'lab',
    async measure(bed) {
      const inventory = bed.write('cluster.yaml', fiveHosts())
      const run = () => runTsplay(['-i', inventory, 'cluster.yaml', '--output', 'plain'])
      checkRecap((await run()).stdout, 5, 'any') // makes the cluster, if it is not there
      const times: number[] = []
      for (let i = 0; i < counted; i++) {
        const { seconds, stdout } = await run()
        checkRecap(stdout, 5, 0)
        times.push(seconds)
        console.log(`second-run: ${seconds.toFixed(2)} s`)
      }
      times.sort((a, b) => a - b)
      const shown = [times[0]!, times[(counted - 1) / 2]!, times.at(-1)!].map((time) => time.toFixed(2))
      writeFigure('second-run', `${times[(counted - 1) / 2]!.toFixed(1)} s`)
      const row = ['`cluster.yaml`, 5 hosts, nothing to change', ...shown]
      return table(['what', 'fastest, s', 'median', 'slowest'], [row])
    },
  },
}

/** The lab's own inventory, of three servers and two agents. */
export function fiveHosts(): string {
  const state = readState(labDir())!
  const some = (kind: string, count: number) =>
    state.hosts.filter((host) => host.kind === kind).slice(0, count)
  return renderInventory(labDir(), { ...state, hosts: [...some('server', 3), ...some('agent', 2)] })
}
