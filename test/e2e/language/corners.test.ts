import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findAnsible } from '../../support/ansible.js'
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
  writeFileSync(join(dir, 'argv.json'), JSON.stringify(['-i', 'inventory.yaml', ...corner.args, 'play.yaml']))
}

beforeAll(async () => {
  if (missing) return
  for (const corner of corners) writeForAnsible(corner, folderOf(corner.index))
  const env = {
    ...process.env,
    ANSIBLE_STDOUT_CALLBACK: 'trace',
    ANSIBLE_CALLBACK_PLUGINS: join(import.meta.dirname, 'ansible/callback'),
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_SSH_ARGS: '',
    ANSIBLE_NOCOLOR: '1',
    PYTHONDONTWRITEBYTECODE: '1',
  }
  const folders = corners.map(({ index }) => folderOf(index))
  const child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'ansible/run.py'), ...folders], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
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
  const said = readFileSync(join(dir, 'said'), 'utf8')
  const lines = said.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  const last = lines.find((line) => 'stats' in line)
  if (!last) throw new Error(`ansible-playbook has no recap:\n${said}`)
  const results: Line[] = lines.filter((line) => 'task' in line)
  const exitCode = Number(readFileSync(join(dir, 'code'), 'utf8'))
  return { trace: traceOf(results), stats: countersOf(last.stats), exitCode }
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
