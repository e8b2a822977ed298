import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readProgram } from './built-program.js'

/**
 * Keeps the code that V8 makes of program.cjs, with that of the functions which usual runs call: they are run here, on
 * this machine, in a folder of their own. Prints the names that the public API has.
 */
const path = resolve(process.argv[2]!)
const folder = mkdtempSync(join(tmpdir(), 'tsplay-warm-up-'))
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = () => true
try {
  const { script, program } = readProgram(path)
  for (const name of ['warm-up.yaml', 'warm-up-tasks.yaml', 'warm-up.ejs'])
    cpSync(join(import.meta.dirname, 'warm-up', name), join(folder, name))
  const inventory = join(folder, 'hosts.yaml')
  writeFileSync(inventory, 'all: { hosts: { here: { greeting: "{{ inventory_hostname }}" } } }\n')
  const run = async (...args: string[]): Promise<void> => {
    const code = await program.main(args)
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  }
  await run('-i', inventory, join(folder, 'warm-up.yaml'), '--output', 'plain')
  await run('-i', 'inventories/ha.yaml', 'playbooks/cluster.yaml', '--syntax-check')
  writeFileSync(`${path}.code`, script.createCachedData())
  write(Object.keys(await program.api()).join(', '))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
