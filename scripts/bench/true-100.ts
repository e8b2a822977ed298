import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endMasters, ensureAnsible, runAnsible } from './ansible.js'
import type { Bench } from './bench.js'
import { manyHosts, withManyHosts } from './many-hosts.js'
import { table } from './page.js'
import { runProcess, runTsplay } from './process.js'
import { checkRecap } from './recap.js'
import { median } from './statistics.js'
import type { TestBed } from './test-bed.js'

const count = 100
const rounds = 3

/** `true` on 100 hosts, as whole processes. */
export const true100: Bench = {
  name: 'true-100',
  run: {
    on: 'lab',
    async measure(bed) {
      await ensureAnsible()
      return withManyHosts(bed, async (inventoryOf) => {
        const inventory = inventoryOf(count)
        const playbook = bed.write('true.yaml', truePlaybook)
        const seconds = new Map<string, number[]>()
        const add = (name: string, taken: number): void => {
          seconds.set(name, [...(seconds.get(name) ?? []), taken])
          console.log(`${name}: ${taken.toFixed(2)} s`)
        }
        for (let round = 0; round < rounds; round++) {
          add(
            'tsplay',
            await runOnce(() =>
              runTsplay(['-i', inventory, playbook, '-f', `${count}`, '--output', 'plain']),
            ),
          )
          await runClients(bed, add)
          if (round === 0)
            add(
              'ansible-core, forks 100',
              await runOnce(() => runAnsible(['-i', inventory, playbook], { forks: count })),
            )
        }
        return describe(seconds)
      })
    },
  },
}

const truePlaybook = `- hosts: all
  gather_facts: false
  tasks:
    - { name: nothing, command: "true", changed_when: false }
`

async function runOnce(run: () => Promise<{ seconds: number; stdout: string }>): Promise<number> {
  const { seconds, stdout } = await run()
  checkRecap(stdout, count, 0)
  return seconds
}

/** As many OpenSSH clients at once as there are hosts; then again, over the control sockets that the first left. */
async function runClients(bed: TestBed, add: (name: string, seconds: number) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tsb-'))
  const { key, knownHosts } = bed.accessAs(bed.hosts.at(-1)!.name)
  const addresses = manyHosts(count).map(({ address }) => address)
  const options = [
    `ControlPath=${folder}/%C`,
    'ControlMaster=auto',
    'ControlPersist=60',
    `UserKnownHostsFile=${knownHosts}`,
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    'LogLevel=ERROR',
  ]
  const ssh = `ssh -n -F /dev/null -p 2200 -i ${key} ${options.map((option) => `-o ${option}`).join(' ')}`
  const loop = `printf '%s\\n' ${addresses.join(' ')} | xargs -P ${count} -I HOST sh -c '${ssh} root@HOST true >/dev/null 2>&1'`
  try {
    add('OpenSSH clients, connecting', (await runProcess(['sh', '-c', loop])).seconds)
    add(
      'OpenSSH clients, over the control sockets of the run before',
      (await runProcess(['sh', '-c', loop])).seconds,
    )
  } finally {
    await endMasters(folder)
  }
}

function describe(seconds: ReadonlyMap<string, readonly number[]>): string {
  const own = median(seconds.get('tsplay')!)
  const rows = [...seconds].map(([name, times]) => [
    name,
    median(times).toFixed(2),
    (median(times) / own).toFixed(2),
    `${times.length}`,
  ])
  return table(['', 's', '÷ tsplay', 'runs'], rows)
}
