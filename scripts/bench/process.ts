import { spawn } from 'node:child_process'

/** What a process of tsplay used, itself alone. */
export interface Usage {
  readonly cpuSeconds: number
  /** The most that it held at once. */
  readonly residentKiB: number
  /** What it fetched from the disk; what was in memory already is not counted. */
  readonly diskKiB: number
}

/** A process that ended, from before it was started until its output was closed. */
export interface Finished {
  readonly seconds: number
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  /** After this the process and all that it started are killed. Default ten minutes. */
  readonly timeoutMs?: number
}

/** The built command as it is. */
export const tsplay = ['node', 'dist/runner/cli.js'] as const

const root = new URL('../../', import.meta.url).pathname

/** Runs a whole process, in the checkout. @throws Error with its output when it fails or takes too long */
export async function runProcess(
  command: readonly string[],
  options: ProcessOptions = {},
): Promise<Finished> {
  const finished = await runAnyway(command, options)
  if (finished.code === 0) return finished
  const end = (finished.stdout + finished.stderr).slice(-4000)
  throw new Error(`${command.join(' ')} ended with ${finished.code}:\n${end}`)
}

/** The same, whatever its exit code. */
export function runAnyway(command: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
  const { env = {}, timeoutMs = 600_000 } = options
  const [program = '', ...args] = command
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      // A group of its own, so that all of it can be ended.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text
      })
    const timer = setTimeout(() => {
      process.kill(-child.pid!, 'SIGKILL')
      reject(new Error(`${command.join(' ')} was killed after ${timeoutMs / 1000} s`))
    }, timeoutMs)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ ...output, code, seconds: (performance.now() - started) / 1000 })
    })
  })
}

const usageMark = 'tsplay-bench-usage '
/** Tells on stderr, as the last thing, what the process used. */
const usageHook = `import { readFileSync, writeSync } from 'node:fs'
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const disk = /^read_bytes: (\\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))[1] / 1024
  writeSync(2, '\\n${usageMark}' + [(userCPUTime + systemCPUTime) / 1e6, maxRSS, disk].join(' ') + '\\n')
})`

/** Runs the built tsplay. @throws Error when it fails */
export function runTsplay(args: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
  return runProcess([...tsplay, ...args], options)
}

/** The same, and what it used, which adds some 20 ms to its start. */
export async function measureTsplay(
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<Finished & { readonly usage: Usage }> {
  const hook = `data:text/javascript,${encodeURIComponent(usageHook)}`
  const [node, ...rest] = tsplay
  const finished = await runProcess([node, '--import', hook, ...rest, ...args], options)
  const [, cpu, resident, disk] = new RegExp(`${usageMark}(\\S+) (\\d+) (\\d+)`).exec(finished.stderr) ?? []
  const usage = { cpuSeconds: Number(cpu), residentKiB: Number(resident), diskKiB: Number(disk) }
  return { ...finished, usage }
}
