import { createTransport } from '../../runner/transport/index.js'
import type { Bench } from './bench.js'
import { measureRoundTrip, startDelayProxy } from './delay-proxy.js'
import { type Access, type BenchHost, renderInventory } from './inventory.js'
import { table } from './page.js'
import { runTsplay } from './process.js'
import { checkRecap } from './recap.js'
import { against, median, type Point, slope } from './statistics.js'
import type { TestBed } from './test-bed.js'

/** One way, in ms. */
const delayMs = Number(process.env.TSPLAY_BENCH_DELAY ?? 50)
const folder = '/opt/tsplay-bench-trips'
const repeats = 3

type Place = 'far' | 'near'

interface Playbook {
  readonly tasks: readonly string[]
  readonly changed: number
}

/** How many round trips things take: a proxy in front of a host's sshd makes one of them long enough to be counted. */
export const roundTrips: Bench = {
  name: 'round-trips',
  run: {
    on: 'lab',
    async measure(bed) {
      const host = bed.hosts[0]!
      const access = bed.accessAs(host.name)
      await bed.onHost(host.name, `rm -rf ${folder} && mkdir ${folder}`)
      const proxy = await startDelayProxy({ host: host.address, port: host.port }, delayMs)
      try {
        const far: BenchHost = { name: 'far', address: '127.0.0.1', port: proxy.port }
        return await measureAll(bed, host, far, access, await measureRoundTrip(delayMs))
      } finally {
        await proxy.close()
      }
    },
  },
}

async function measureAll(
  bed: TestBed,
  near: BenchHost,
  far: BenchHost,
  access: Access,
  trip: number,
): Promise<string> {
  const inventories = {
    far: bed.write('far.yaml', renderInventory([far], access)),
    near: bed.write('near.yaml', renderInventory([near], access)),
  }
  const rows: string[][] = []
  // Far and near go through the same code: what differs is the network.
  const row = async (
    what: string,
    bar: number,
    measure: (place: Place) => Promise<number>,
  ): Promise<void> => {
    const [there, here] = [await measure('far'), await measure('near')]
    rows.push([what, there.toFixed(1), here.toFixed(1), against((there - here) / trip, '≤', bar)])
    console.log(rows.at(-1)!.join('  '))
  }
  const time = (place: Place, playbook: Playbook, runs?: number): Promise<number> =>
    timePlaybook(bed, inventories[place], playbook, runs)
  for (const playbook of [unchanged(45), loopOf(100)]) await time('near', playbook, 1)
  await row('connecting with a key, until the first script has answered', 9, (place) =>
    timeConnect(place === 'far' ? far : near, access),
  )
  await row('each task that finds nothing to do', 1.05, async (place) =>
    slope(await points([5, 25, 45], (count) => time(place, unchanged(count)))),
  )
  await row('each task that changes something', 2, async (place) =>
    slope(await points([5, 15, 25], (count) => time(place, changed(count)))),
  )
  await row(
    'a loop of 100 items that finds nothing to do, in all',
    2,
    async (place) => (await time(place, loopOf(100))) - (await time(place, unchanged(0))),
  )
  const head = ['what', 'far away, ms', 'without the delay, ms', 'round trips']
  return `One round trip is ${trip.toFixed(1)} ms.\n\n${table(head, rows)}`
}

async function points(counts: readonly number[], time: (count: number) => Promise<number>): Promise<Point[]> {
  const all: Point[] = []
  for (const count of counts) all.push([count, await time(count)])
  return all
}

/** The fastest of a few runs, in ms: what else the machine does can only add. */
async function timePlaybook(
  bed: TestBed,
  inventory: string,
  { tasks, changed }: Playbook,
  runs = repeats,
): Promise<number> {
  const lines = tasks.map((task, index) => `    - { name: task ${index}, ${task} }`)
  const text = ['- hosts: all', '  gather_facts: false', '  tasks:', ...lines, ''].join('\n')
  const playbook = bed.write('trips.yaml', text)
  const times: number[] = []
  for (let i = 0; i < runs; i++) {
    const stamp = `stamp=${Date.now()}`
    const { seconds, stdout } = await runTsplay(['-i', inventory, '-e', stamp, playbook, '--output', 'plain'])
    if (changed > 0) checkRecap(stdout, 1, changed)
    times.push(seconds * 1000)
  }
  return Math.min(...times)
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** One task more than `count`, so that zero tasks connect too; changes are allowed, as the first of its runs makes some. */
function unchanged(count: number): Playbook {
  const kinds = [
    (n: number) => `copy: { dest: ${folder}/copy-${n}, content: "same", mode: "0644" }`,
    (n: number) => `lineinfile: { path: ${folder}/line, create: true, mode: "0644", line: line ${n} }`,
    (n: number) => `file: { path: ${folder}/folder-${n}, state: directory, mode: "0755" }`,
    () => `systemd: { name: ssh, state: started }`,
    () => `command: "true", changed_when: false`,
  ]
  return { tasks: numbers(count + 1).map((n) => kinds[n % kinds.length]!(n)), changed: 0 }
}

function changed(count: number): Playbook {
  const kinds = [
    (n: number) => `copy: { dest: ${folder}/changed-${n}, content: <%= stamp %>, mode: "0644" }`,
    (n: number) =>
      `lineinfile: { path: ${folder}/lines, create: true, mode: "0644", line: <%= stamp %> ${n} }`,
    (n: number) => `file: { path: ${folder}/made-${n}-<%= stamp %>, state: directory, mode: "0755" }`,
    () => `systemd: { name: systemd-networkd, state: reloaded }`,
    (n: number) => `command: touch ${folder}/touched-${n}`,
  ]
  return { tasks: numbers(count).map((n) => kinds[n % kinds.length]!(n)), changed: count }
}

/** After the one task that connects. */
function loopOf(count: number): Playbook {
  const loop = `copy: { dest: ${folder}/copy-<%= item %>, content: "same", mode: "0644" }, loop: [${numbers(count).join(', ')}]`
  return { tasks: [...unchanged(0).tasks, loop], changed: 0 }
}

/** From before connecting until the first script has answered, in ms; the median of a few. */
async function timeConnect(
  { name, address, port }: BenchHost,
  { user, key, knownHosts }: Access,
): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 7; i++) {
    const started = performance.now()
    const connection = await createTransport().connect({
      name,
      connection: 'ssh',
      address,
      port,
      user,
      identityFiles: [key],
      knownHostsFiles: [knownHosts],
      hostKeyPolicy: 'strict',
      connectTimeoutMs: 60_000,
    })
    const outcome = await connection.run({ body: 'echo here' })
    times.push(performance.now() - started)
    if (outcome.kind !== 'exited' || outcome.code !== 0)
      throw new Error(`the script: ${JSON.stringify(outcome)}`)
    await connection.close()
  }
  return median(times)
}
