import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findModule } from '../runner/modules/registry.js'
import { declaredScripts } from '../runner/modules/script.js'
import { renderScript } from '../runner/transport/script.js'

/** Lints every script that a module may send to a host, as it is sent, and every *.sh file of the repository. */

const root = fileURLToPath(new URL('..', import.meta.url))
const skipped = /^(?:node_modules|dist|\.git|\.lab.*)$/

function shellFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.test(entry.name)) return []
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return shellFiles(path)
    return entry.isFile() && entry.name.endsWith('.sh') ? [path] : []
  })
}

function check(label: string, args: readonly string[], input?: Buffer): boolean {
  const result = spawnSync('shellcheck', ['-f', 'gcc', ...args], { input, encoding: 'utf8', cwd: root })
  if (result.error) throw result.error
  if (result.status === 0) return true
  console.error(`${label}\n${result.stdout}${result.stderr}`)
  return false
}

// The registry declares the scripts when it is imported.
if (findModule('command') === undefined) throw new Error('the registry is empty')
const scripts = declaredScripts()
const files = shellFiles(root)
const good = [
  ...scripts.map(({ name, script }) => check(`script ${name}`, ['-s', 'sh', '-'], renderScript(script))),
  ...files.map((path) => check(relative(root, path), [path])),
]
console.log(`shellcheck: ${scripts.length} scripts of modules, ${files.length} files`)
process.exitCode = good.every(Boolean) ? 0 : 1
