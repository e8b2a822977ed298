import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAnsible, runAnsible, type Said } from '../../support/ansible/ansible.js'
import { play } from '../../support/playbook.js'
import { type Conduct, type Corner, filesOf, type Line, readCorners, traceOf } from './corners.js'

const missing = findAnsible()
if (missing) console.error(`skipped: ${missing}`)

const corners = readCorners().map((corner, index) => ({ ...corner, index }))
const root = mkdtempSync(join(tmpdir(), 'tsplay-corners-'))
const folderOf = (index: number) => join(root, String(index))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function writeForAnsible(corner: Corner, dir: string): void {
  for (const [path, text] of Object.entries(filesOf(corner, 'ansible'))) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
}

let said: ReadonlyMap<string, Said>
beforeAll(async () => {
  if (missing) return
  for (const corner of corners) writeForAnsible(corner, folderOf(corner.index))
  const commands = new Map(
    corners.map(({ index, args }) => [
      folderOf(index),
      { argv: ['ansible-playbook', '-i', 'inventory.yaml', ...args, 'play.yaml'] },
    ]),
  )
  said = await runAnsible(commands, {
    ANSIBLE_STDOUT_CALLBACK: 'trace',
    ANSIBLE_CALLBACK_PLUGINS: join(import.meta.dirname, 'ansible/callback'),
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_SSH_ARGS: '',
  })
}, 900_000)

const counters = ['ok', 'changed', 'unreachable', 'failed', 'skipped', 'rescued', 'ignored'] as const

const countersOf = (stats: Readonly<Record<string, Readonly<Record<string, number>>>>): Conduct['stats'] =>
  Object.fromEntries(
    Object.entries(stats).flatMap(([host, values]) => {
      // Ansible's callback calls one of them otherwise.
      const counted = counters.map((name) => [name, values[name] ?? values.failures ?? 0] as const)
      // Where nothing was done Ansible has no line, tsplay one of zeros.
      return counted.some(([, count]) => count > 0) ? [[host, Object.fromEntries(counted)]] : []
    }),
  )

/** What Ansible did, as the lines of its callback tell. @throws what it said instead */
function conductOfAnsible(dir: string): Conduct {
  const { stdout, stderr, code } = said.get(dir)!
  const lines = stdout.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  const last = lines.find((line) => 'stats' in line)
  if (!last) throw new Error(`ansible-playbook has no recap:\n${stdout}${stderr}`)
  const results: Line[] = lines.filter((line) => 'task' in line)
  return { trace: traceOf(results), stats: countersOf(last.stats), exitCode: code }
}

async function conductOfTsplay(corner: Corner): Promise<Conduct> {
  const ran = await play('', { args: corner.args, files: filesOf(corner, 'tsplay') })
  const results = ran.events.flatMap((event): Line[] => {
    if (event.type !== 'host_finished') return []
    const { task, result } = event
    const says = task.module === 'debug' ? result.items.filter(({ status }) => status !== 'skipped') : []
    return [
      {
        task: task.name,
        module: task.module,
        host: result.host,
        status: result.status,
        says: ['ok', 'changed'].includes(result.status) ? says.map((item) => item.result.msg) : [],
      },
    ]
  })
  const stats = countersOf(ran.stats as unknown as Conduct['stats'])
  if (Object.keys(stats).length === 0) throw new Error(`tsplay has no recap:\n${ran.stderr}`)
  return { trace: traceOf(results), stats, exitCode: ran.exitCode }
}

describe.skipIf(missing)('ansible-playbook and tsplay do the same', () => {
  test.each(corners)('$group: $name', async (corner) => {
    const [theirs, mine] = [conductOfAnsible(folderOf(corner.index)), await conductOfTsplay(corner)]
    const compared = (['trace', 'stats', 'exitCode'] as const).filter((part) => !(part in corner.differs))
    for (const [part, why] of Object.entries(corner.differs))
      expect(mine[part as keyof Conduct], `is said to differ: ${why}`).not.toEqual(
        theirs[part as keyof Conduct],
      )
    const only = ({ ...parts }: Conduct) => Object.fromEntries(compared.map((part) => [part, parts[part]]))
    expect(only(mine)).toEqual(only(theirs))
  })
})
