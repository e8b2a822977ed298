import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findAnsible } from '../../support/ansible.js'
import { inventories } from './inventories.js'

const cli = resolve(import.meta.dirname, '../../../runner/cli.ts')
const tsx = resolve(import.meta.dirname, '../../../node_modules/.bin/tsx')
const dir = mkdtempSync(join(tmpdir(), 'tsplay-inventory-'))
afterAll(() => rmSync(dir, { recursive: true }))

function run(command: string, args: readonly string[], cwd: string) {
  const env = { ...process.env, ANSIBLE_LOCALHOST_WARNING: 'False', ANSIBLE_NOCOLOR: '1' }
  const done = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 60_000 })
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.status}\n${done.stderr}`)
  return done.stdout
}

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

describe.skipIf(missing)('inventories are read as ansible-inventory reads them', () => {
  it.each(inventories)('$name', ({ name, files, sources, plainGraph }) => {
    const home = write(name, files)
    const given = sources.flatMap((source) => ['-i', source])
    const both = (...args: readonly string[]) => [
      run(tsx, [cli, 'inventory', ...given, ...args], home),
      run('ansible-inventory', [...given, ...args], home),
    ]
    const [list, wanted] = both('--list')
    expect(list).toBe(wanted)
    const [graph, wantedGraph] = both('--graph', ...(plainGraph ? [] : ['--vars']))
    expect(graph).toBe(wantedGraph)
  })

  it.each(inventories.filter((_, index) => index % 7 === 0))('one host, as JSON: $name', (inventory) => {
    const { name, files, sources } = inventory
    const home = write(`one host of ${name}`, files)
    const given = sources.flatMap((source) => ['-i', source])
    const list = JSON.parse(run(tsx, [cli, 'inventory', ...given, '--list'], home))
    const args = [...given, '--host', Object.keys(list._meta.hostvars)[0]!]
    expect(run(tsx, [cli, 'inventory', ...args], home)).toBe(run('ansible-inventory', args, home))
  })
})
