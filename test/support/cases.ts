import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import type { AnyModule, Change, Controller, ResultFields } from '../../runner/modules/module.js'
import { type LocalHost, localHost } from './local-host.js'

/**
 * One case of test/cases/<module>/*.yaml. `$DIR` in texts is the case's own folder on the host, `$CONTROLLER` one of the
 * controller that the host's `setup` and `verify` see too, `$HOST` the name of the host.
 */
export interface Case {
  readonly name: string
  /** It changes more than its folder: it is only run on hosts of the lab, on those with systemd where it says so. */
  readonly needs?: 'root' | 'systemd'
  readonly args: unknown
  /** Files of the controller. */
  readonly files?: Readonly<Record<string, string>>
  readonly setup?: string
  /** Where it needs what not every host has (busybox has no curl); default all. */
  readonly shells?: readonly string[]
  readonly expect: {
    /** The summary, in full; `none`: nothing would change. */
    readonly change?: readonly string[] | 'none'
    /** Part of the message that the module fails with, at probe, diff or apply. */
    readonly error?: string
    readonly before?: string
    readonly after?: string
    readonly requires?: readonly string[]
    readonly provides?: readonly string[]
    /** Fields of the result. */
    readonly result?: Readonly<Record<string, unknown>>
    /** Round trips of the check and of the apply; default 1 and 2. */
    readonly runs?: readonly [number, number]
    readonly uploads?: number
  }
  readonly verify?: string
  /** What else must not change in check mode: a command that prints it. */
  readonly watch?: string
  /** Run at the end, whatever the outcome. */
  readonly cleanup?: string
  /** Default `unchanged`. */
  readonly second_run?: 'unchanged' | 'changed' | 'skip'
}

/** The shells that scripts must run under, as commands that are given a file. */
export function shells(): { name: string; argv: string[]; env: NodeJS.ProcessEnv; close(): void }[] {
  const folder = mkdtempSync(join(tmpdir(), 'tsplay-busybox-'))
  execFileSync('busybox', ['--install', '-s', folder])
  const close = () => rmSync(folder, { recursive: true, force: true })
  const none = () => undefined
  return [
    { name: 'dash', argv: ['dash'], env: process.env, close: none },
    { name: 'bash', argv: ['bash'], env: process.env, close: none },
    { name: 'busybox', argv: ['busybox', 'ash'], env: { ...process.env, PATH: folder }, close },
  ].map((shell) => ({ ...shell, argv: shell.name === 'busybox' ? ['/usr/bin/busybox', 'ash'] : shell.argv }))
}

/** The cases of a module, by file. */
export function readCases(folder: string): { file: string; module: string; cases: Case[] }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.yaml'))
    .map((path) => ({
      file: path,
      module: dirname(path),
      cases: parse(readFileSync(join(folder, path), 'utf8')) as Case[],
    }))
}

/** A controller over a folder; templates are taken as they stand (rendering has its own tests). */
export function localController(folder: string): Controller {
  return {
    find: (_kind, path) => (path.startsWith('/') ? path : join(folder, path)),
    readFile: async (path) => readFileSync(path),
    stream: (path) => createReadStream(path),
    digest: async (path) => {
      const bytes = readFileSync(path)
      return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    },
    render: (path) => readFileSync(path, 'utf8'),
  }
}

/** A folder for one case, its host and its controller. */
export interface Bench {
  readonly dir: string
  readonly controllerDir: string
  readonly host: LocalHost
  readonly controller: Controller
  sh(script: string): Promise<string>
  /** Every file's kind, mode, owner, size, times and place on the disk: two are equal if nothing was written. */
  listing(): string | Promise<string>
  close(): void | Promise<void>
}

export function bench(one: Case, shell: { argv: string[]; env: NodeJS.ProcessEnv }): Bench {
  const root = mkdtempSync(join(tmpdir(), 'tsplay-case-'))
  const dir = join(root, 'host')
  mkdirSync(dir)
  const controllerDir = join(root, 'controller')
  writeFiles(controllerDir, one.files ?? {})
  const env = { ...process.env, DIR: dir, CONTROLLER: controllerDir, HOST: 'local' }
  const sh = async (script: string) => {
    const { stdout } = await promisify(execFile)('/bin/sh', ['-eu', '-c', script], { cwd: dir, env })
    return stdout
  }
  const hostEnv = { ...shell.env, HOME: join(dir) }
  const close = () => rmSync(root, { recursive: true, force: true })
  return {
    dir,
    controllerDir,
    host: localHost(shell.argv, hostEnv),
    controller: localController(controllerDir),
    sh,
    listing: () => listingOf(dir),
    close,
  }
}

/** Files of the controller, by their name in its folder. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
}

function listingOf(folder: string): string {
  const paths = ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()]
  return paths
    .map((path) => {
      const { mode, uid, gid, size, mtimeMs, ctimeMs, ino } = lstatSync(join(folder, path))
      return JSON.stringify([path, mode, uid, gid, size, mtimeMs, ctimeMs, ino])
    })
    .join('\n')
}

/** `$DIR`, `$CONTROLLER` and `$HOST` in every text of a value. */
export function withPlaces<T>(
  value: T,
  on: Pick<Bench, 'dir' | 'controllerDir'> & { readonly host: { readonly name: string } },
): T {
  if (typeof value === 'string')
    return value
      .replaceAll('$DIR', on.dir)
      .replaceAll('$CONTROLLER', on.controllerDir)
      .replaceAll('$HOST', on.host.name) as T
  if (Array.isArray(value)) return value.map((part) => withPlaces(part, on)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withPlaces(part, on)])) as T
}

/** What the engine does with one module on one host. `apply` false is check mode. */
export async function runModule(
  module: AnyModule,
  raw: unknown,
  { host, controller }: Pick<Bench, 'host' | 'controller'>,
  apply: boolean,
): Promise<{ change: Change<unknown> | undefined; fields: ResultFields }> {
  const input = typeof raw === 'string' && module.freeForm ? { [module.freeForm]: raw } : raw
  const parsed = module.args.parse(input)
  const args = module.prepare ? await module.prepare(parsed, controller) : parsed
  const state = await module.probe(host, args)
  const change = module.diff(args, state)
  const fields = module.result?.(args, state) ?? {}
  if (change === undefined || !apply) return { change, fields }
  return { change, fields: { ...fields, ...(await module.apply(host, args, change)) } }
}
