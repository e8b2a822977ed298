import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
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

/** All files in one go: to start shellcheck takes longer than to read most of them. */
function check(folder: string, files: readonly string[], ...args: string[]): boolean {
  const options = { encoding: 'utf8', cwd: folder } as const
  const { error, status, stdout, stderr } = spawnSync(
    'shellcheck',
    ['-f', 'gcc', ...args, '--', ...files],
    options,
  )
  if (error) throw error
  process.stderr.write(stdout + stderr)
  return status === 0
}

/** A folder with every script that a module declares, by its name. */
function written(folder: string): string[] {
  // The registry declares the scripts when it is imported.
  if (findModule('command') === undefined) throw new Error('the registry is empty')
  return declaredScripts().map(({ name, script }) => {
    writeFileSync(join(folder, name), renderScript(script))
    return name
  })
}

const folder = mkdtempSync(join(tmpdir(), 'tsplay-shellcheck-'))
try {
  const scripts = written(folder)
  const files = shellFiles(root).map((path) => relative(root, path))
  const good = [check(folder, scripts, '-s', 'sh'), check(root, files)]
  console.log(`shellcheck: ${scripts.length} scripts of modules, ${files.length} files`)
  process.exitCode = good.every(Boolean) ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
