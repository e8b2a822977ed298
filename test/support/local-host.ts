import { spawn } from 'node:child_process'
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ApplyHost, type Completed, HostError, ModuleFailure } from '../../runner/modules/module.js'
import { renderScript } from '../../runner/transport/script.js'
import type { Script } from '../../runner/transport/transport.js'

/** A shell of this machine that stands for a host. */
export interface LocalHost extends ApplyHost {
  /** Scripts that were run, and files uploaded, since the start. */
  readonly log: { runs: number; uploads: number }
}

/** A host whose scripts run on this machine, each in a new shell: `argv` is given the script's file. */
export function localHost(argv: readonly string[], environment: NodeJS.ProcessEnv = process.env): LocalHost {
  const log = { runs: 0, uploads: 0 }
  const run = (script: Script): Promise<Completed> => {
    log.runs += 1
    return runLocally(argv, environment, script)
  }
  return {
    name: 'local',
    user: userInfo().username,
    log,
    run,
    async query(script) {
      const completed = await run(script)
      if (completed.code === 0) return completed
      throw new ModuleFailure(completed.stderr.toString() || `exit code ${completed.code}`)
    },
    async upload(content, path) {
      log.uploads += 1
      const source = Buffer.isBuffer(content) ? Readable.from([content]) : content
      await pipeline(source, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
    },
  }
}

async function runLocally(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  script: Script,
): Promise<Completed> {
  const folder = mkdtempSync(join(tmpdir(), 'tsplay-script-'))
  const file = join(folder, 'script')
  writeFileSync(file, renderScript(script), { mode: 0o600 })
  try {
    return await spawned([...argv, file], env, script)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function spawned(argv: readonly string[], env: NodeJS.ProcessEnv, script: Script): Promise<Completed> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), {
      env,
      timeout: script.timeoutMs ?? 20_000,
      killSignal: 'SIGKILL',
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk) => stdout.push(chunk))
    child.stderr.on('data', (chunk) => stderr.push(chunk))
    child.stdin.on('error', () => undefined)
    child.stdin.end(script.stdin ?? '')
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === null) reject(new HostError('signalled', `killed by ${signal}`))
      else resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), truncated: false })
    })
  })
}
