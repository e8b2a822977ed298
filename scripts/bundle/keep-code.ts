import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { readProgram } from './built-program.js'
import { openWarmUpHost } from './warm-up-host.js'

/**
 * Keeps the code that V8 makes of program.cjs, with that of the functions which usual runs call: they are run here, on
 * this machine, in a folder of their own. Prints the names that the public API has.
 */
const path = resolve(process.argv[2]!)
const folder = mkdtempSync(join(tmpdir(), 'tsplay-warm-up-'))
const host = await openWarmUpHost(folder)
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = () => true
try {
  const { script, program } = readProgram(path)
  for (const name of ['warm-up.yaml', 'warm-up-tasks.yaml', 'warm-up.ejs'])
    cpSync(join(import.meta.dirname, 'warm-up', name), join(folder, name))
  const inventory = join(folder, 'hosts.yaml')
  const hosts = {
    here: { greeting: '{{ inventory_hostname }}', ansible_connection: 'local' },
    there: host.variables,
    nowhere: { ansible_host: '127.0.0.1', ansible_port: 1, ansible_timeout: 1 },
  }
  writeFileSync(inventory, JSON.stringify({ all: { hosts } }))
  const run = async (...args: string[]): Promise<void> => {
    const code = await program.main(args)
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  }
  await run('-i', inventory, join(folder, 'warm-up.yaml'), '--output', 'plain')
  await run('-i', 'inventories/ha.yaml', 'playbooks/cluster.yaml', '--syntax-check')
  writeFileSync(`${path}.code`, script.createCachedData())
  write(Object.keys(await program.api()).join(', '))
} finally {
  host.close()
  rmSync(folder, { recursive: true, force: true })
}
