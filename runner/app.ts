import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { hostname, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { usage } from './arguments.js'
import { askTerminal, askWithin } from './ask.js'
import { createAppliers } from './engine/applier.js'
import { createConnections } from './engine/connections.js'
import type { Ask, Run } from './engine/context.js'
import { createCustomStats } from './engine/custom-stats.js'
import { createLimit } from './engine/limits.js'
import { createLiveInventory } from './engine/live-inventory.js'
import { createHosts, playHosts } from './engine/play.js'
import { executeRun } from './engine/run.js'
import { createStepGate } from './engine/step-gate.js'
import { createAskHost } from './engine/together.js'
import { type ExitCode, exitCodes, formatDiagnostic } from './errors.js'
import { createTap, type Emit, type Reporter } from './events.js'
import { loadLibrary } from './library/load.js'
import type { CliOptions } from './options.js'
import { type Passwords, readPasswords } from './passwords.js'
import { listPlan } from './plan/list.js'
import { loadPlan } from './plan/load.js'
import type { Plan, Play } from './plan/plan.js'
import { startAt } from './plan/start-at.js'
import { selectTags } from './plan/tags.js'
import { createJournal } from './report/journal.js'
import { type JournalFile, openJournal } from './report/journal-files.js'
import { createJsonlReporter } from './report/jsonl.js'
import { createPlainReporter } from './report/plain.js'
import { createRedactor, type Redactor } from './secrets/redact.js'
import { diskFiles, type Files } from './syntax/files.js'
import type { Claim } from './transport/claim.js'
import { createTransport } from './transport/index.js'
import { readVersion } from './version.js'

/** What the outside world gives a run: streams, and the two stages of an interruption. */
export interface Surroundings {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean | undefined }
  readonly stderr: { write(text: string): unknown }
  readonly colour: boolean
  readonly cwd: string
  /** The controller's files; the disk unless given. */
  readonly files?: Files | undefined
  /** Where runs are recorded unless an option says; absent, nowhere. */
  readonly journal?: string | undefined
  /** How a person is asked; the terminal unless given. */
  readonly ask?: Ask | undefined
  /** What Ctrl-C does: called where it was the answer to a question. */
  readonly interrupt: () => void
  /** First Ctrl-C: start nothing new. */
  readonly stop: AbortSignal
  /** Second Ctrl-C: kill what runs. */
  readonly abort: AbortSignal
}

/**
 * Load, plan, execute, recap. The only place that wires implementations.
 * @throws InputError for bad input, before any host is touched
 */
export async function runApp(options: CliOptions, world: Surroundings): Promise<ExitCode> {
  if (options.playbooks.length === 0) throw usage('which playbook?', 'tsplay -i inventory.yaml cluster.yaml')
  if (options.inventories.length === 0 && !options.syntaxCheck)
    throw usage('which inventory?', `tsplay -i inventory.yaml ${options.playbooks.join(' ')}`)
  const files = world.files ?? diskFiles()
  await loadLibrary(options.playbooks, world.cwd, files)
  const { plan: whole, warnings } = loadPlan({
    inventories: options.inventories,
    playbooks: options.playbooks,
    extraVars: options.extraVars,
    files,
    cwd: world.cwd,
  })
  for (const warning of [...options.warnings, ...warnings])
    world.stderr.write(`${formatDiagnostic(warning)}\n`)
  const plan = select(whole, options)
  if (options.syntaxCheck) return exitCodes.ok
  if (options.listHosts || options.listTasks || options.listTags) {
    world.stdout.write(listing(plan, options, world))
    return exitCodes.ok
  }
  return execute(plan, files, options, world)
}

/** What the command line leaves of the plan. @throws InputError for a tag or a task that is not there */
function select(plan: Plan, options: CliOptions): Plan {
  const tagged = selectTags(plan, { only: options.tags, skip: options.skipTags })
  return options.startAtTask === undefined ? tagged : startAt(tagged, options.startAtTask)
}

async function execute(
  plan: Plan,
  files: Files,
  options: CliOptions,
  world: Surroundings,
): Promise<ExitCode> {
  // Every script that runs listens to them; there is no leak to warn of.
  setMaxListeners(0, world.stop, world.abort)
  const reporter = await createReporter(options, world)
  const ask = askWithin(world, reporter, world.ask ?? askTerminal)
  const passwords = await readPasswords(options, ask)
  if (options.hostKeyPolicy === 'off')
    world.stderr.write('warning: host keys are not checked: whoever answers is taken for the host\n')
  const redactor = createRedactor()
  const journal = openRecord(options, world)
  const emit = createTap(redactor, journal ? [reporter, createJournal(journal.write)] : [reporter])
  const warn = (text: string): void => emit({ type: 'message', level: 'warning', text })
  const connections = createConnections(createTransport({ ask, warn, claim: claimOf(options) }), world.abort)
  const run = createRun(plan, options, world, { ask, redactor, emit, connections, passwords })
  try {
    return await executeRun(run, files)
  } finally {
    await connections.close()
    await reporter.close?.()
    journal?.close()
  }
}

/** The file of this run in the journal. A run that cannot be recorded is told so, and goes on. */
function openRecord({ journal }: CliOptions, world: Surroundings): JournalFile | undefined {
  const folder = journal === undefined ? world.journal : resolve(world.cwd, journal)
  if (folder === undefined || journal === 'none') return undefined
  const fail = (why: string): void => {
    world.stderr.write(`warning: this run is not recorded: ${why}\n`)
  }
  try {
    return openJournal(folder, fail)
  } catch (error) {
    fail((error as Error).message)
    return undefined
  }
}

/** Who this run is, to another that wants the same hosts. A dry run changes none, and holds none. */
function claimOf({ check, lockWaitSeconds, playbooks }: CliOptions): Claim | undefined {
  if (check) return undefined
  const now = new Date()
  const since = now.toISOString().replace(/\.\d+Z$/, 'Z')
  const owner = `${userInfo().username}@${hostname()}, pid ${process.pid}, since ${since}: ${playbooks.join(' ')}`
  const run = `${now.getTime()}-${randomBytes(8).toString('hex')}`
  return { run, owner, waitSeconds: lockWaitSeconds }
}

interface Parts {
  readonly ask: Ask
  readonly redactor: Redactor
  readonly emit: Emit
  readonly connections: Run['connections']
  readonly passwords: Passwords
}

function createRun(plan: Plan, options: CliOptions, world: Surroundings, parts: Parts): Run {
  const hosts = createHosts([...plan.inventory.hosts.keys()])
  for (const password of Object.values(parts.passwords)) if (password) parts.redactor.add(password)
  return {
    plan,
    options: {
      version: readVersion(),
      check: options.check,
      diff: options.diff,
      failOnChange: options.failOnChange,
      forks: options.forks,
      limit: options.limit,
      tags: options.tags,
      skipTags: options.skipTags,
      forceHandlers: options.forceHandlers,
      verbosity: options.verbosity,
      extraVars: options.extraVars,
      connection: {
        user: options.user,
        connection: options.connection,
        sshCommonArgs: options.sshCommonArgs,
        sshExtraArgs: options.sshExtraArgs,
        password: parts.passwords.connection,
        privateKey: options.privateKey,
        hostKeyPolicy: options.hostKeyPolicy,
        connectTimeoutMs: options.connectTimeoutMs,
        become: options.become,
        becomeUser: options.becomeUser,
        becomeMethod: options.becomeMethod,
        becomePassword: parts.passwords.become,
      },
    },
    emit: parts.emit,
    redactor: parts.redactor,
    ask: parts.ask,
    hosts,
    inventory: createLiveInventory(plan.inventory, hosts),
    customStats: createCustomStats(),
    connections: parts.connections,
    askHost: createAskHost(),
    appliers: createAppliers(),
    forks: createLimit(options.forks),
    gate: options.step ? createStepGate(parts.ask) : undefined,
    stop: world.stop,
    abort: world.abort,
  }
}

/** A terminal is redrawn; pipes and CI get lines. listr2 is loaded only where it draws. */
async function createReporter(options: CliOptions, world: Surroundings): Promise<Reporter> {
  const write = (text: string): void => {
    world.stdout.write(text)
  }
  const shared = { colour: world.colour, verbosity: options.verbosity, write }
  const interactive = world.stdout.isTTY && process.env.TERM !== 'dumb' && !process.env.CI
  if (options.output === 'jsonl') return createJsonlReporter(write)
  if (options.output === 'plain' || (options.output === 'auto' && !interactive))
    return createPlainReporter(shared)
  const { createTtyReporter } = await import('./report/tty.js')
  return createTtyReporter(shared)
}

function listing(plan: Plan, options: CliOptions, world: Surroundings): string {
  const run = createRun(plan, options, world, {
    ask: askTerminal,
    redactor: createRedactor(),
    emit: () => undefined,
    connections: createConnections(createTransport(), world.abort),
    passwords: { connection: undefined, become: undefined },
  })
  const hosts = options.listHosts ? (play: Play) => playHosts(run, play) : undefined
  return listPlan(plan, { hosts, tasks: options.listTasks, tags: options.listTags })
}
