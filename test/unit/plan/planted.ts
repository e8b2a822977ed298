import { cpSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runApp } from '../../../runner/app.js'
import { InputError } from '../../../runner/errors.js'
import { parseOptions } from '../../../runner/options.js'
import { diskFiles, type Files } from '../../../runner/syntax/files.js'
import { position } from '../../../runner/syntax/source.js'

/** One mistake in what ships: files that are added or changed, and what the message must say. */
export interface Mistake {
  readonly what: string
  /** New files by name, and changes to those that are there. */
  readonly files?: Readonly<Record<string, string | ((text: string) => string)>>
  /** Instead of `-i inventories/ha.yaml rootless.yaml`, the least that ships and uses `k3s_binary`: each mistake is a start of its own. */
  readonly args?: readonly string[]
  /** The file and the text in it that the message must point at; none for the command line. */
  readonly at?: readonly [file: string, text: string]
  readonly says: RegExp
  /** 1 unless given. */
  readonly exitCode?: number
}

/** A copy of what ships, read once: a mistake lies over it, and all other files stay as they were parsed. */
export interface Shipped {
  readonly dir: string
  readonly files: Files
}

const root = resolve(import.meta.dirname, '../../..')

export function copyShipped(): Shipped {
  const dir = mkdtempSync(join(tmpdir(), 'tsplay-planted-'))
  for (const name of ['roles', 'playbooks', 'inventories'])
    cpSync(join(root, name), join(dir, name), { recursive: true })
  return { dir, files: diskFiles() }
}

/** The files of the copy with a mistake in them. */
function planted({ dir, files }: Shipped, changes: NonNullable<Mistake['files']>): Files {
  const changed = new Map(
    Object.entries(changes).map(([name, change]) => {
      const path = join(dir, name)
      const text = typeof change === 'string' ? change : change(readFileSync(path, 'utf8'))
      return [path, { path, text }] as const
    }),
  )
  return {
    ...files,
    read: (path) => changed.get(path) ?? files.read(path),
    isFile: (path) => changed.has(path) || files.isFile(path),
    isDirectory: (path) =>
      [...changed.keys()].some((name) => name.startsWith(`${path}/`)) || files.isDirectory(path),
  }
}

interface Outcome {
  readonly exitCode: number
  /** What was run: nothing, if the mistake was found. */
  readonly stdout: string
  readonly stderr: string
  /** `line:col` of the text that the message must point at. */
  readonly place: string | undefined
}

export async function runPlanted(shipped: Shipped, mistake: Mistake): Promise<Outcome> {
  const files = planted(shipped, mistake.files ?? {})
  const args = mistake.args ?? ['-i', 'inventories/ha.yaml', 'rootless.yaml']
  const absolute = args.map((arg) => (arg.startsWith('inventories/') ? join(shipped.dir, arg) : arg))
  let [stdout, stderr] = ['', '']
  const exitCode = await tryRun(['--output', 'jsonl', '--timeout', '1', ...absolute], {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    colour: false,
    cwd: shipped.dir,
    files,
    interrupt: () => undefined,
    stop: new AbortController().signal,
    abort: new AbortController().signal,
  })
  return {
    exitCode,
    stdout,
    stderr: stderr.replaceAll(`${shipped.dir}/`, ''),
    place: placeOf(files, shipped, mistake),
  }
}

async function tryRun(args: readonly string[], world: Parameters<typeof runApp>[1]): Promise<number> {
  try {
    return await runApp(parseOptions(args), world)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    world.stderr.write(error.message)
    return error.exitCode
  }
}

function placeOf(files: Files, { dir }: Shipped, { at }: Mistake): string | undefined {
  if (!at) return undefined
  const file = files.read(join(dir, at[0]))!
  const start = file.text.lastIndexOf(at[1])
  if (start < 0) throw new Error(`${at[0]} does not hold ${at[1]}`)
  const { line, column } = position({ file, start, end: start + 1 })
  return `${at[0]}:${line}:${column}: error: `
}
