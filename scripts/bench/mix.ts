import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import { ansibleVersions, ensureAnsible, runAnsible } from './ansible.js'
import type { Bench } from './bench.js'
import { renderInventory } from './inventory.js'
import { mixChanges, mixFolder, mixTasks, renderPlaybook } from './mix-tasks.js'
import { table } from './page.js'
import { type Finished, runProcess, runTsplay } from './process.js'
import { checkRecap } from './recap.js'
import { against, median } from './statistics.js'
import type { TestBed } from './test-bed.js'

interface Contender {
  readonly name: string
  /** How many first and second runs are counted. */
  readonly rounds: number
  run(): Promise<Finished>
}

/** What each run took, in seconds. */
interface Times {
  readonly first: number[]
  readonly second: number[]
}

/** The mix on ten hosts that have nothing of it yet, and again: tsplay, Ansible, Mitogen and a bare ssh2 loop. */
export const mix: Bench = {
  name: 'mix',
  run: {
    on: 'lab',
    async measure(bed) {
      await ensureAnsible()
      const contenders = await contendersOn(bed)
      const times = new Map(contenders.map(({ name }) => [name, { first: [], second: [] } as Times]))
      const rounds = Math.max(...contenders.map(({ rounds }) => rounds))
      // In turns, so that a machine that is busy for a while is so for all of them.
      for (let round = 0; round < rounds; round++)
        for (const contender of contenders)
          if (round < contender.rounds) await compete(bed, contender, times.get(contender.name)!)
      return describe(contenders, times)
    },
  },
}

async function contendersOn(bed: TestBed): Promise<Contender[]> {
  const tasks = mixTasks()
  const inventory = bed.write('inventory.yaml', renderInventory(bed.hosts, bed.access))
  const playbook = bed.write('mix.yaml', renderPlaybook(tasks))
  const order = bed.write('bare.json', JSON.stringify({ hosts: bed.hosts, access: bed.access, tasks }))
  const bare = await buildBareLoop()
  const args = ['-i', inventory, playbook]
  return [
    { name: 'bare ssh2 loop', rounds: 5, run: () => runProcess(['node', bare, order]) },
    { name: 'tsplay', rounds: 5, run: () => runTsplay([...args, '--output', 'plain']) },
    { name: 'Mitogen', rounds: 2, run: () => runAnsible(args, { forks: 50, mitogen: true }) },
    { name: 'ansible-core', rounds: 1, run: () => runAnsible(args, { forks: 50 }) },
  ]
}

/** As tsplay itself it runs as JavaScript, its packages beside it: no compiler is measured. */
async function buildBareLoop(): Promise<string> {
  const outfile = resolve(import.meta.dirname, '../../dist/bench/bare-loop.js')
  mkdirSync(resolve(outfile, '..'), { recursive: true })
  const entry = resolve(import.meta.dirname, 'bare-loop.ts')
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
  })
  return outfile
}

async function compete(bed: TestBed, contender: Contender, times: Times): Promise<void> {
  await Promise.all(bed.hosts.map(({ name }) => bed.onHost(name, `rm -rf ${mixFolder}`)))
  const changes = mixChanges(mixTasks()) * bed.hosts.length
  const measured = [
    [times.first, changes],
    [times.second, 0],
  ] as const
  for (const [list, changed] of measured) {
    const { seconds, stdout } = await contender.run()
    checkRecap(stdout, bed.hosts.length, changed)
    list.push(seconds)
  }
  const show = measured.map(([list]) => `${list.at(-1)!.toFixed(2)} s`)
  console.log(`${contender.name}: first run ${show[0]}, second run ${show[1]}`)
}

async function describe(
  contenders: readonly Contender[],
  times: ReadonlyMap<string, Times>,
): Promise<string> {
  const firstOf = (name: string): number => median(times.get(name)!.first)
  const secondOf = (name: string): number => median(times.get(name)!.second)
  const rows = contenders.map(({ name, rounds }) => [
    name,
    firstOf(name).toFixed(2),
    (firstOf(name) / firstOf('tsplay')).toFixed(2),
    secondOf(name).toFixed(2),
    (secondOf(name) / secondOf('tsplay')).toFixed(2),
    `${rounds}`,
  ])
  const head = ['', 'first run, s', '÷ tsplay', 'second run, s', '÷ tsplay', 'runs']
  const faster = (name: string, bar: number): string =>
    `${against(secondOf(name) / secondOf('tsplay'), '≥', bar, 1)}`
  const bare = against(secondOf('tsplay') / secondOf('bare ssh2 loop'), '≤', 1.3)
  return `${table(head, rows)}

With nothing to change: ansible-core ÷ tsplay ${faster('ansible-core', 60)}; Mitogen ÷ tsplay ${faster('Mitogen', 13)}; tsplay ÷ bare loop ${bare}.
Medians; ${await ansibleVersions()}.`
}
