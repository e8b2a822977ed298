import type { Bench } from './bench.js'
import { withManyHosts } from './many-hosts.js'
import { type MixTask, mixFolder, renderPlaybook } from './mix-tasks.js'
import { table } from './page.js'
import { measureTsplay, runTsplay } from './process.js'
import { checkRecap } from './recap.js'
import { against, type Point, slope } from './statistics.js'

const counts = [100, 300, 1000]

interface Measured {
  readonly hosts: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly residentKiB: number
}

/** 20 tasks on 100, 300 and 1,000 hosts: what a host costs the controller, and whether it costs more among many. */
export const scale: Bench = {
  name: 'scale',
  run: {
    on: 'lab',
    measure: (bed) =>
      withManyHosts(bed, async (inventoryOf) => {
        const playbook = bed.write('scale.yaml', renderPlaybook(scaleTasks()))
        // They are one host: what the first would change, the others would find changed.
        await runTsplay(['-i', inventoryOf(1), playbook, '--output', 'plain'])
        const measured: Measured[] = []
        for (const hosts of counts) {
          const args = ['-i', inventoryOf(hosts), playbook, '--output', 'plain']
          const { seconds, stdout, usage } = await measureTsplay(args)
          checkRecap(stdout, hosts, 0)
          measured.push({ hosts, seconds, ...usage })
          console.log(`${hosts} hosts: ${seconds.toFixed(2)} s`)
        }
        return describe(measured)
      }),
  },
}

function scaleTasks(): MixTask[] {
  const five = ['1', '2', '3', '4', '5']
  return [
    ...five.map((n) => ({ kind: 'file' as const, path: `${mixFolder}/scale-${n}` })),
    ...five.map((n) => ({
      kind: 'copy' as const,
      path: `${mixFolder}/scale-file-${n}`,
      content: `file ${n}\n`,
    })),
    ...five.map((n) => ({
      kind: 'lineinfile' as const,
      path: `${mixFolder}/scale-lines`,
      line: `line ${n}`,
    })),
    ...five.map(() => ({ kind: 'command' as const, cmd: 'true' })),
  ]
}

function describe(measured: readonly Measured[]): string {
  const perHost = (one: Measured): number => (one.cpuSeconds / one.hosts) * 1000
  const rows = measured.map((one) => [
    `${one.hosts}`,
    one.seconds.toFixed(2),
    one.cpuSeconds.toFixed(2),
    perHost(one).toFixed(1),
    (one.residentKiB / 1024).toFixed(0),
  ])
  const points = measured.map(({ hosts, residentKiB }): Point => [hosts, residentKiB])
  const [first, last] = [measured[0]!, measured.at(-1)!]
  const head = ['hosts', 'wall, s', 'controller CPU, s', 'CPU a host, ms', 'controller memory, MiB']
  return `${table(head, rows)}

Memory for each further host: ${against(slope(points), '≤', 300, 0)} KiB. CPU a host among ${last.hosts} ÷ among ${first.hosts}: ${(perHost(last) / perHost(first)).toFixed(2)}.`
}
