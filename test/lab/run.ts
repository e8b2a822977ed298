import { spawn } from 'node:child_process'
import { LabError } from './errors.js'

/** How a command ended. `code` is 128 + n when signal n ended it, 127 when it could not be started. */
export interface Ended {
  code: number
  stdout: string
  stderr: string
}

/** `cwd`; `input` for its stdin (else empty); `timeoutMs` after which it is killed (default 60 s). */
export interface RunOptions {
  cwd?: string
  input?: string
  timeoutMs?: number
}

const ADMIN_PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`

/** The environment of what the lab starts: the sbin folders are found, messages are in English. */
export const commandEnv = (): NodeJS.ProcessEnv => ({ ...process.env, PATH: ADMIN_PATH, LC_ALL: 'C.UTF-8' })

/** Runs a command to its end. Never rejects: a command that does not exist ends with code 127. */
export const run = (command: string, args: string[], options: RunOptions = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: options.cwd, env: commandEnv(), stdio: 'pipe' })
    const out: Buffer[] = []
    const err: Buffer[] = []
    const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString('utf8')
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000)
    const end = (code: number, stderr: string): void => {
      clearTimeout(timer)
      resolve({ code, stdout: text(out), stderr })
    }
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.stdin.on('error', () => {}) // a command may end without reading its input
    child.stdin.end(options.input ?? '')
    child.on('error', (cause) => end(127, cause.message))
    child.on('close', (code, signal) => end(code ?? (signal === 'SIGKILL' ? 137 : 128), text(err)))
  })

/** Runs a command that must succeed and returns its stdout; else a LabError with its last words. */
export const must = async (command: string, args: string[], options: RunOptions = {}): Promise<string> => {
  const { code, stdout, stderr } = await run(command, args, options)
  if (code === 0) return stdout
  const words = `${stderr}\n${stdout}`.trim().split('\n').slice(0, 3).join(' / ')
  throw new LabError(`${command} ${args.join(' ')} ended with ${code}: ${words}`)
}

/** Waits. */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Asks `done` every `everyMs` until it is true; false when `timeoutMs` have passed first. */
export const waitFor = async (
  done: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<boolean> => {
  const end = Date.now() + timeoutMs
  while (!(await done())) {
    if (Date.now() > end) return false
    await sleep(everyMs)
  }
  return true
}
