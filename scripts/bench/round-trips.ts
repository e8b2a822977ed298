import { createTransport } from '../../runner/transport/index.js'
import type { Bench } from './bench.js'
import { type DelayProxy, measureRoundTrip, startDelayProxy } from './delay-proxy.js'
import { type Access, type BenchHost, renderInventory } from './inventory.js'
import { table } from './page.js'
import { runTsplay } from './process.js'
import { checkRecap } from './recap.js'
import { against, median, type Point, slope } from './statistics.js'
import type { TestBed } from './test-bed.js'

/**
 * One way, in ms. A machine that has waited takes longer for its next step than a busy one, but it does so over both: what
 * differs between them is round trips alone.
 */
const delays = { far: Number(process.env.TSPLAY_BENCH_DELAY ?? 150), near: 50 }
const folder = '/opt/tsplay-bench-trips'
const repeats = 3
const connects = 7

type Place = 'far' | 'near'

/** What something takes over the far network and over the near one, in ms, and how many round trips the far proxy counted. */
type Both = Readonly<Record<Place | 'counted', number>>

/** What runs are measured over. */
interface Networks {
  readonly inventories: Readonly<Record<Place, string>>
  readonly far: DelayProxy
}

interface Playbook {
  readonly tasks: readonly string[]
  readonly changed: number
}

/** How many round trips things take: proxies in front of a host's sshd make them long enough to be counted. */
export const roundTrips: Bench = {
  name: 'round-trips',
  run: {
    on: 'lab',
    async measure(bed) {
      const host = bed.hosts[0]!
      const access = bed.accessAs(host.name)
      await bed.onHost(host.name, `rm -rf ${folder} && mkdir ${folder}`)
      const target = { host: host.address, port: host.port }
      const proxies = {
        far: await startDelayProxy(target, delays.far),
        near: await startDelayProxy(target, delays.near),
      }
      const at = (place: Place): BenchHost => ({
        name: place,
        address: '127.0.0.1',
        port: proxies[place].port,
      })
      try {
        const trip = (await measureRoundTrip(delays.far)) - (await measureRoundTrip(delays.near))
        return await measureAll(bed, at('near'), at('far'), proxies.far, access, trip)
      } finally {
        await Promise.all([proxies.far.close(), proxies.near.close()])
      }
    },
  },
}

async function measureAll(
  bed: TestBed,
  near: BenchHost,
  far: BenchHost,
  proxy: DelayProxy,
  access: Access,
  trip: number,
): Promise<string> {
  const inventories = {
    far: bed.write('far.yaml', renderInventory([far], access)),
    near: bed.write('near.yaml', renderInventory([near], access)),
  }
  const rows: string[][] = []
  const add = (what: string, bar: number, { far: there, near: here, counted }: Both, digits = 2): void => {
    const judged = against((there - here) / trip, '≤', bar, digits)
    rows.push([what, there.toFixed(1), here.toFixed(1), judged, counted.toFixed(1)])
    console.log(rows.at(-1)!.join('  '))
  }
  const time = (playbook: Playbook): Promise<Both> => timeBoth(bed, { inventories, far: proxy }, playbook)
  for (const playbook of [unchanged(35), loopOf(100)]) await runOnce(bed, inventories.near, playbook, 'any')
  const before = proxy.trips()
  add('connecting with a key, until the first script has answered', 9, {
    far: await timeConnect(far, access),
    counted: (proxy.trips() - before) / connects,
    near: await timeConnect(near, access),
  })
  add(
    'each task that finds nothing to do',
    1.05,
    await slopes([5, 20, 35], (count) => time(unchanged(count))),
  )
  add('each task that changes something', 2, await slopes([3, 18, 33], (count) => time(changed(count))), 1)
  const [loop, without] = [await time(loopOf(100)), await time(unchanged(0))]
  const alone = {
    far: loop.far - without.far,
    near: loop.near - without.near,
    counted: loop.counted - without.counted,
  }
  add('a loop of 100 items that finds nothing to do, in all', 2, alone)
  const head = ['what', 'far, ms', 'near, ms', 'round trips', 'counted']
  return `A round trip is ${trip.toFixed(1)} ms longer over the far network than over the near one.\n\n${table(head, rows)}`
}

async function slopes(counts: readonly number[], time: (count: number) => Promise<Both>): Promise<Both> {
  const points: Record<keyof Both, Point[]> = { far: [], near: [], counted: [] }
  for (const count of counts) {
    const both = await time(count)
    for (const name of ['far', 'near', 'counted'] as const) points[name].push([count, both[name]])
  }
  return { far: slope(points.far), near: slope(points.near), counted: slope(points.counted) }
}

/** The fastest of a few runs, in ms: what else the machine does can only add. Far and near in turns. */
async function timeBoth(bed: TestBed, { inventories, far }: Networks, playbook: Playbook): Promise<Both> {
  const fastest = { far: Number.POSITIVE_INFINITY, near: Number.POSITIVE_INFINITY }
  const before = far.trips()
  for (let i = 0; i < repeats; i++)
    for (const place of ['far', 'near'] as const) {
      const taken = await runOnce(bed, inventories[place], playbook, playbook.changed)
      fastest[place] = Math.min(fastest[place], taken)
    }
  return { ...fastest, counted: (far.trips() - before) / repeats }
}

async function runOnce(
  bed: TestBed,
  inventory: string,
  { tasks }: Playbook,
  changed: number | 'any',
): Promise<number> {
  const lines = tasks.map((task, index) => `    - { name: task ${index}, ${task} }`)
  const text = ['- hosts: all', '  gather_facts: false', '  tasks:', ...lines, ''].join('\n')
  const playbook = bed.write('trips.yaml', text)
  const stamp = `stamp=${Date.now()}`
  const { seconds, stdout } = await runTsplay(['-i', inventory, '-e', stamp, playbook, '--output', 'plain'])
  checkRecap(stdout, 1, changed)
  return seconds * 1000
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** One task more than `count`, so that zero tasks connect too. */
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

/** Without `command`, which takes one round trip, and `systemd`, whose work takes as long as the unit likes. */
function changed(count: number): Playbook {
  const kinds = [
    (n: number) => `copy: { dest: ${folder}/changed-${n}, content: <%= stamp %>, mode: "0644" }`,
    (n: number) =>
      `lineinfile: { path: ${folder}/lines, create: true, mode: "0644", line: <%= stamp %> ${n} }`,
    (n: number) => `file: { path: ${folder}/made-${n}-<%= stamp %>, state: directory, mode: "0755" }`,
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
  for (let i = 0; i < connects; i++) {
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
