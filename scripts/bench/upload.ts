import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from './bench.js'
import { renderInventory } from './inventory.js'
import { table } from './page.js'
import { runProcess, runTsplay } from './process.js'
import { checkRecap } from './recap.js'
import { median } from './statistics.js'
import type { TestBed } from './test-bed.js'

const mebibytes = 256
const rounds = 5
const path = '/opt/tsplay-bench-upload'

/** A large file to one host that does not have it: by `copy`, verified there, and by scp. */
export const upload: Bench = {
  name: 'upload',
  run: {
    on: 'lab',
    async measure(bed) {
      const host = bed.hosts[0]!
      const file = join(bed.folder, 'large')
      writeRandom(file)
      const contenders = contendersOn(bed, file)
      const times = new Map([...contenders.keys()].map((name) => [name, [] as number[]]))
      for (let round = 0; round < rounds; round++)
        for (const [name, run] of contenders) {
          await bed.onHost(host.name, `rm -f ${path}`)
          times.get(name)!.push(await run())
          await bed.onHost(host.name, `[ "$(wc -c <${path})" -eq ${mebibytes * 2 ** 20} ]`)
          console.log(`${name}: ${times.get(name)!.at(-1)!.toFixed(2)} s`)
        }
      await bed.onHost(host.name, `rm -f ${path}`)
      return describe(times)
    },
  },
}

function contendersOn({ hosts, access, write }: TestBed, file: string): Map<string, () => Promise<number>> {
  const [host] = hosts
  const inventory = write('one.yaml', renderInventory([host!], access))
  const task = `{ name: upload, copy: { src: ${file}, dest: ${path}, mode: "0644" } }`
  const playbook = write('upload.yaml', `- hosts: all\n  gather_facts: false\n  tasks:\n    - ${task}\n`)
  const options = [`UserKnownHostsFile=${access.knownHosts}`, 'IdentitiesOnly=yes', 'BatchMode=yes']
  const scp = ['scp', '-q', '-F', '/dev/null', '-i', access.key, ...options.flatMap((one) => ['-o', one])]
  return new Map([
    [
      'scp',
      async () => (await runProcess([...scp, file, `${access.user}@${host!.address}:${path}`])).seconds,
    ],
    [
      'tsplay, `copy`',
      async () => {
        const { seconds, stdout } = await runTsplay(['-i', inventory, playbook, '--output', 'plain'])
        checkRecap(stdout, 1, 1)
        return seconds
      },
    ],
  ])
}

/** Random, so that nothing on the way can make it smaller. */
function writeRandom(file: string): void {
  const descriptor = openSync(file, 'w', 0o600)
  for (let written = 0; written < mebibytes; written += 16) writeSync(descriptor, randomBytes(16 * 2 ** 20))
  closeSync(descriptor)
}

function describe(times: ReadonlyMap<string, readonly number[]>): string {
  const own = median(times.get('scp')!)
  const rows = [...times].map(([name, taken]) => {
    const seconds = median(taken)
    return [name, seconds.toFixed(2), (mebibytes / seconds).toFixed(0), (seconds / own).toFixed(2)]
  })
  return `${table([`${mebibytes} MiB`, 's', 'MiB/s', '÷ scp'], rows)}\n\nMedians of ${rounds}, in turns.`
}
