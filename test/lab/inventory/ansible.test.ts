import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inventoryCommand } from '../../../runner/commands/inventory.js'
import { findAnsible, runAnsible, type Said } from '../../support/ansible/ansible.js'
import { inventories } from './inventories.js'

const dir = mkdtempSync(join(tmpdir(), 'tsplay-inventory-'))
afterAll(() => rmSync(dir, { recursive: true }))

const missing = findAnsible()
if (missing) console.error(`skipped: ${missing}`)

function write(name: string, files: Readonly<Record<string, string>>): string {
  const home = join(dir, name.replace(/\W+/g, '-'))
  for (const [path, text] of Object.entries(files)) {
    const full = join(home, path)
    mkdirSync(dirname(full), { recursive: true })
    writeFileSync(full, text)
    chmodSync(full, text.startsWith('#!') ? 0o755 : 0o644)
  }
  return home
}

/** What is asked of an inventory: in words of both commands, by its name. */
interface Question {
  readonly name: string
  readonly home: string
  readonly argv: readonly string[]
}

const questions: readonly Question[] = inventories.flatMap(({ name, sources, files, plainGraph }, index) => {
  const home = write(name, files)
  const given = sources.flatMap((source) => [
    '-i',
    existsSync(join(home, source)) ? join(home, source) : source,
  ])
  const ask = (...words: readonly string[]): Question => ({
    name: `${name}: ${words.join(' ')}`,
    home,
    argv: [...given, ...words],
  })
  const graph = ask('--graph', ...(plainGraph ? [] : ['--vars']))
  if (index % 7 !== 0) return [ask('--list'), graph]
  const list = JSON.parse(ours(ask('--list')))
  return [ask('--list'), graph, ask('--host', Object.keys(list._meta.hostvars)[0]!)]
})

function ours({ home, argv }: Question): string {
  let stdout = ''
  const write = (text: string) => (stdout += text)
  inventoryCommand(argv, { stdout: { write }, stderr: { write: () => undefined }, cwd: home })
  return stdout
}

let theirs: ReadonlyMap<string, Said>
const folderOf = (at: number): string => join(dir, 'asked', String(at))
beforeAll(async () => {
  if (missing) return
  const commands = new Map(
    questions.map(({ argv, home }, at) => [
      folderOf(at),
      { argv: ['ansible-inventory', ...argv], cwd: home },
    ]),
  )
  theirs = await runAnsible(commands, { ANSIBLE_LOCALHOST_WARNING: 'False' })
})

describe.skipIf(missing)('inventories are read as ansible-inventory reads them', () => {
  it.each(questions.map((question, at) => ({ ...question, at })))('$name', ({ at, ...question }) => {
    const { code, stdout, stderr } = theirs.get(folderOf(at))!
    expect([code, code === 0 ? '' : stderr]).toEqual([0, ''])
    expect(ours(question)).toBe(stdout)
  })
})
