import type { Surroundings } from './app.js'
import { exitCodes, InputError } from './errors.js'
import { readVersion } from './version.js'

/** argv in, exit code out: what went wrong is told on stderr, without a stack trace for a user's mistake. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await command(argv)
  } catch (error) {
    if (error instanceof InputError) {
      process.stderr.write(`${error.message}\n`)
      return error.exitCode
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.stderr.write(`this is a bug in tsplay, please report it:\n${text}\n`)
    return exitCodes.bug
  }
}

/** What a command does not need is not loaded. */
async function command(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'doc') {
    const { runDoc } = await import('./commands/doc.js')
    return runDoc(argv.slice(1), (page) => process.stdout.write(page))
  }
  if (argv[0] === 'inventory' || argv[0] === 'explain') return runCommand(argv[0], argv.slice(1))
  const { parseOptions } = await import('./options.js')
  const options = parseOptions(argv)
  if (options.version) {
    process.stdout.write(`tsplay ${readVersion()}\n`)
    return exitCodes.ok
  }
  if (options.help || argv.length === 0) {
    const { helpPage } = await import('./help.js')
    process.stdout.write(helpPage())
    return exitCodes.ok
  }
  const { runApp } = await import('./app.js')
  const { interrupt, stop, abort } = listenForInterrupts()
  return runApp(options, {
    stdout: process.stdout,
    stderr: process.stderr,
    colour: wantsColour(),
    cwd: process.cwd(),
    interrupt,
    stop,
    abort,
  })
}

/** Sub-commands: what they need is loaded with them. */
async function runCommand(name: 'inventory' | 'explain', argv: readonly string[]): Promise<number> {
  const world = { stdout: process.stdout, stderr: process.stderr, cwd: process.cwd() }
  if (name === 'inventory') return (await import('./commands/inventory.js')).inventoryCommand(argv, world)
  return (await import('./commands/explain.js')).explainCommand(argv, world)
}

/** First Ctrl-C: finish what runs and the `always` sections around it. Second: kill what runs. Third: leave at once. */
function listenForInterrupts(): Pick<Surroundings, 'interrupt' | 'stop' | 'abort'> {
  const stop = new AbortController()
  const abort = new AbortController()
  let count = 0
  const interrupt = (): void => {
    count++
    if (count === 1) {
      process.stderr.write(
        '\ninterrupted: what runs is finished, then what blocks do always; nothing else starts; once more kills it\n',
      )
      stop.abort()
    } else if (count === 2) abort.abort()
    else process.exit(exitCodes.interrupted)
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return { interrupt, stop: stop.signal, abort: abort.signal }
}

function wantsColour(): boolean {
  if (process.env.NO_COLOR) return false
  return Boolean(process.env.FORCE_COLOR) || process.stdout.isTTY === true
}
