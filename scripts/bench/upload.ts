import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from './bench.js'
import { renderInventory } from './inventory.js'
import { table } from './page.js'
import { measureTsplay, runProcess } from './process.js'
import { checkRecap } from './recap.js'
import { against, median } from './statistics.js'
import type { TestBed } from './test-bed.js'

/** As large as a k3s binary. */
const mebibytes = 70
const rounds = 5
const path = '/opt/tsplay-bench-upload'

interface Sent {
  readonly seconds: number
  /** What the process fetched from the disk, where it is known. */
  readonly diskMiB?: number
}

/** A large file to ten hosts at once that do not have it: by `copy`, verified there, and by scp. */
export const upload: Bench = {
  name: 'upload',
  run: {
    on: 'lab',
    async measure(bed) {
      const file = join(bed.folder, 'large')
      writeRandom(file)
      const contenders = contendersOn(bed, file)
      const sent = new Map([...contenders.keys()].map((name) => [name, [] as Sent[]]))
      for (let round = 0; round < rounds; round++)
        for (const [name, run] of contenders) {
          await onAll(bed, `rm -f ${path}; sync`)
          await forget(file)
          sent.get(name)!.push(await run())
          await onAll(bed, `[ "$(wc -c <${path})" -eq ${mebibytes * 2 ** 20} ]`)
          console.log(`${name}: ${sent.get(name)!.at(-1)!.seconds.toFixed(2)} s`)
        }
      await onAll(bed, `rm -f ${path}`)
      return describe(sent, bed.hosts.length)
    },
  },
}

const onAll = (bed: TestBed, command: string): Promise<unknown> =>
  Promise.all(bed.hosts.map(({ name }) => bed.onHost(name, command)))

/** Has the kernel forget what it holds of a file in memory, so that reading it is reading the disk. */
const forget = (file: string): Promise<unknown> =>
  runProcess(['dd', `of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'])

function contendersOn({ hosts, access, write }: TestBed, file: string): Map<string, () => Promise<Sent>> {
  const inventory = write('upload-hosts.yaml', renderInventory(hosts, access))
  const task = `{ name: upload, copy: { src: ${file}, dest: ${path}, mode: "0644" } }`
  const playbook = write('upload.yaml', `- hosts: all\n  gather_facts: false\n  tasks:\n    - ${task}\n`)
  const options = [`UserKnownHostsFile=${access.knownHosts}`, 'IdentitiesOnly=yes', 'BatchMode=yes']
  const scp = `scp -q -F /dev/null -i ${access.key} ${options.map((one) => `-o ${one}`).join(' ')}`
  const addresses = hosts.map(({ address }) => address).join(' ')
  const all = `printf '%s\\n' ${addresses} | xargs -P ${hosts.length} -I HOST ${scp} ${file} ${access.user}@HOST:${path}`
  return new Map([
    ['scp, all at once', async () => ({ seconds: (await runProcess(['sh', '-c', all])).seconds })],
    [
      'tsplay, `copy`',
      async () => {
        const { seconds, stdout, usage } = await measureTsplay([
          '-i',
          inventory,
          playbook,
          '--output',
          'plain',
        ])
        checkRecap(stdout, hosts.length, hosts.length)
        return { seconds, diskMiB: usage.diskKiB / 1024 }
      },
    ],
  ])
}

/** Random, so that nothing on the way can make it smaller. */
function writeRandom(file: string): void {
  const descriptor = openSync(file, 'w', 0o600)
  for (let written = 0; written < mebibytes; written += 10) writeSync(descriptor, randomBytes(10 * 2 ** 20))
  closeSync(descriptor)
}

function describe(sent: ReadonlyMap<string, readonly Sent[]>, hosts: number): string {
  const secondsOf = (of: readonly Sent[]): number => median(of.map(({ seconds }) => seconds))
  const rate = (of: readonly Sent[]): number => (mebibytes * hosts) / secondsOf(of)
  const [scp = [], own = []] = [...sent.values()]
  const rows = [...sent].map(([name, of]) => {
    const disk = of[0]?.diskMiB === undefined ? '' : median(of.map(({ diskMiB = 0 }) => diskMiB)).toFixed(0)
    return [name, secondsOf(of).toFixed(2), rate(of).toFixed(0), disk]
  })
  const head = [`${mebibytes} MiB to ${hosts} hosts`, 's', 'MiB/s in all', 'read from the disk, MiB']
  const verdict = `Of scp's rate: ${against(rate(own) / rate(scp), '≥', 0.8)}.`
  return `${table(head, rows)}\n\n${verdict} Medians of ${rounds}, in turns.`
}
