import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DelayProxy, startDelayProxy } from '../../../scripts/bench/delay-proxy.js'
import { openLab } from '../lab.js'
import { ourLabDir } from '../ours.js'
import { program } from '../program.js'
import { run } from '../run.js'
import { configFolder } from './files.js'

const lab = openLab(ourLabDir())
const host = lab.hosts.find(({ kind }) => kind === 'agent')!
const folder = configFolder(lab)
const place = '/root/tsp-trips'

// Counted, not timed: far enough away that a question is asked whole before its answer comes.
let proxy: DelayProxy
beforeAll(async () => {
  proxy = await startDelayProxy({ host: host.address, port: 22 }, 150)
  await lab.exec(
    host.name,
    `mkdir ${place} && cd ${place} && for n in $(seq 0 99); do printf same >same-$n; done`,
    'root',
  )
})
afterAll(async () => {
  await proxy.close()
  await lab.exec(host.name, `rm -rf ${place}`, 'root')
  folder.remove()
})

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** Logging in takes now a trip more, now one less, as its packets fall. */
const login = 3

/** How many round trips a run of these tasks takes, with the one task that connects. */
async function trips(tasks: readonly string[]): Promise<number> {
  const key = readFileSync(folder.knownHosts, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${host.address},`))
  const known = folder.write('known', key.map((line) => `*${line.slice(line.indexOf(' '))}\n`).join(''))
  const vars = `ansible_host: 127.0.0.1, ansible_port: ${proxy.port}, ansible_user: root, ansible_ssh_private_key_file: ${lab.dir}/id_ed25519`
  const inventory = folder.write(
    'hosts.yaml',
    `all: { hosts: { far: { ${vars}, ansible_ssh_common_args: "-F none -o UserKnownHostsFile=${known}" } } }\n`,
  )
  const playbook = folder.write(
    'play.yaml',
    [
      '- hosts: all',
      '  gather_facts: false',
      '  tasks:',
      '    - command: "true"',
      ...tasks.map((task) => `    - ${task}`),
      '',
    ].join('\n'),
  )
  const before = proxy.trips()
  const ran = await run(process.execPath, [program, '-i', inventory, playbook], {
    timeoutMs: 200_000,
  })
  expect(ran).toMatchObject({ code: 0 })
  return proxy.trips() - before
}

describe('round trips', { timeout: 240_000 }, () => {
  let alone: number
  beforeAll(async () => {
    alone = await trips([])
  }, 240_000)

  it('a task that finds nothing to do takes one', async () => {
    const tasks = numbers(8).flatMap((n) => [
      `copy: { dest: ${place}/same-${n}, content: same }`,
      `file: { path: ${place}, state: directory }`,
      'command: "true"',
    ])
    expect(await trips(tasks)).toBeLessThanOrEqual(alone + tasks.length + login)
  })

  it('a task that changes something takes two', async () => {
    const tasks = numbers(4).flatMap((n) => [
      `copy: { dest: ${place}/new-${n}, content: new, mode: "0644" }`,
      `lineinfile: { path: ${place}/lines, create: true, line: line ${n} }`,
      `file: { path: ${place}/folder-${n}, state: directory, mode: "0755" }`,
    ])
    expect(await trips(tasks)).toBeLessThanOrEqual(alone + 2 * tasks.length + login)
  })

  it('a loop of 100 items that finds nothing to do takes one', async () => {
    const loop = `{ copy: { dest: "${place}/same-<%= item %>", content: same }, loop: [${numbers(100).join(', ')}] }`
    expect(await trips([loop, loop, loop, loop, loop])).toBeLessThanOrEqual(alone + 5 + login)
  })
})
