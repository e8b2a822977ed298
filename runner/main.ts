import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
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
  if (argv[0] === 'inventory' || argv[0] === 'explain' || argv[0] === 'journal')
    return runCommand(argv[0], argv.slice(1))
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
    journal: journalFolder(),
    interrupt,
    stop,
    abort,
  })
}

/** Sub-commands: what they need is loaded with them. */
async function runCommand(
  name: 'inventory' | 'explain' | 'journal',
  argv: readonly string[],
): Promise<number> {
  const world = { stdout: process.stdout, stderr: process.stderr, cwd: process.cwd() }
  if (name === 'inventory') return (await import('./commands/inventory.js')).inventoryCommand(argv, world)
  if (name === 'explain') return (await import('./commands/explain.js')).explainCommand(argv, world)
  const { journalCommand } = await import('./commands/journal.js')
  return journalCommand(argv, { ...world, colour: wantsColour(), journal: journalFolder() ?? '' })
}

/** `TSPLAY_JOURNAL`, which may be `none`; else a folder of the user's state (XDG). */
function journalFolder(): string | undefined {
  const { TSPLAY_JOURNAL: said, XDG_STATE_HOME: state } = process.env
  if (said) return said === 'none' ? undefined : resolve(said)
  return join(state || join(homedir(), '.local/state'), 'tsplay/journal')
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
