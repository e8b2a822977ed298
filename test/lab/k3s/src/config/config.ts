import fs from 'node:fs'
import path from 'node:path'
import { hostPath, readText } from '../core/files.js'
import { Fatal, log } from '../core/log.js'
import type { Flag } from './flags.js'

/** The settings of one start, after files, environment and flags were merged. */
export interface Config {
  str(name: string): string | undefined
  bool(name: string): boolean
  int(name: string, fallback: number): number
  list(name: string): string[]
  /** Whether anything set the value. */
  has(name: string): boolean
  /** What is not a flag on the command line. */
  rest: string[]
}

type Values = Map<string, string[]>
type Yaml = Record<string, unknown>

/**
 * Reads Go-style flags. A repeated list flag adds up, any other takes its last value.
 * @throws Fatal for a flag that does not exist or lacks its value, with k3s's wording.
 */
export function parseFlags(
  flags: readonly Flag[],
  argv: readonly string[],
): { values: Values; rest: string[] } {
  const values: Values = new Map()
  const rest: string[] = []
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i] ?? ''
    const match = /^--?([A-Za-z][^=]*)(?:=([\s\S]*))?$/.exec(word)
    if (match === null) {
      rest.push(word)
      continue
    }
    const name = match[1] ?? ''
    const flag = flags.find((candidate) => candidate.name === name || candidate.alias === name)
    if (flag === undefined) throw new Fatal(`flag provided but not defined: -${name}`)
    let value = match[2]
    if (value === undefined && flag.kind === 'bool') value = 'true'
    if (value === undefined) {
      i += 1
      value = argv[i]
      if (value === undefined) throw new Fatal(`flag needs an argument: -${name}`)
    }
    addValue(values, flag, value)
  }
  return { values, rest }
}

function addValue(values: Values, flag: Flag, value: string): void {
  if (flag.kind === 'bool' && !/^(true|false|1|0|t|f|T|F|TRUE|FALSE|True|False)$/.test(value))
    throw new Fatal(`invalid boolean value ${JSON.stringify(value)} for -${flag.name}: parse error`)
  if (flag.kind === 'int' && !/^-?\d+$/.test(value))
    throw new Fatal(`invalid value ${JSON.stringify(value)} for flag -${flag.name}: parse error`)
  if (flag.kind === 'list') values.set(flag.name, [...(values.get(flag.name) ?? []), value])
  else values.set(flag.name, [value])
}

function texts(value: unknown): string[] {
  if (Array.isArray(value)) return value.map((item) => String(item))
  return value === null || value === undefined ? [] : [String(value)]
}

/** Merges documents in their order: the last wins, `key+` appends to what came before. */
export function mergeDocuments(documents: readonly Yaml[]): Map<string, string[]> {
  const merged = new Map<string, string[]>()
  for (const document of documents)
    for (const [key, value] of Object.entries(document)) {
      const name = key.replace(/\+$/, '')
      merged.set(name, key.endsWith('+') ? [...(merged.get(name) ?? []), ...texts(value)] : texts(value))
    }
  return merged
}

/** The configuration file and the files of its .d directory, in the order in which they count. */
export function configFiles(file: string): string[] {
  const directory = `${file}.d`
  const found = fs.existsSync(file) ? [file] : []
  if (!fs.existsSync(directory)) return found
  const parts = fs.readdirSync(directory).filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'))
  return [...found, ...parts.sort().map((name) => path.join(directory, name))]
}

async function readDocuments(file: string): Promise<Yaml[]> {
  const files = configFiles(file)
  if (files.length === 0) return []
  const { parse } = await import('yaml')
  return files.map((name) => {
    try {
      const document: unknown = parse(readText(name) ?? '')
      if (document === null || document === undefined) return {}
      if (typeof document !== 'object' || Array.isArray(document)) throw new Error('not a mapping')
      return document as Yaml
    } catch (error) {
      throw new Fatal(`failed to parse config ${name}: ${error instanceof Error ? error.message : error}`)
    }
  })
}

/** Puts the layers together: files, then environment, then flags. A list flag replaces the file's list. */
export function buildConfig(
  flags: readonly Flag[],
  documents: Map<string, string[]>,
  env: NodeJS.ProcessEnv,
  cli: { values: Values; rest: string[] },
): Config {
  const values: Values = new Map()
  for (const [name, list] of documents) {
    const flag = flags.find((candidate) => candidate.name === name || candidate.alias === name)
    if (flag === undefined) log('warning', `Unknown flag --${name} found in config.yaml, skipping`)
    else for (const value of list) addValue(values, flag, value)
  }
  for (const flag of flags) {
    const value = flag.env === undefined ? undefined : env[flag.env]
    if (value === undefined || value === '') continue
    values.delete(flag.name)
    for (const part of flag.kind === 'list' ? value.split(',') : [value]) addValue(values, flag, part)
  }
  for (const [name, list] of cli.values) values.set(name, list)
  return view(values, cli.rest)
}

function view(values: Values, rest: string[]): Config {
  const last = (name: string): string | undefined => values.get(name)?.at(-1)
  return {
    str: (name) => (last(name) === '' ? undefined : last(name)),
    bool: (name) => /^(true|1|t)$/i.test(last(name) ?? 'false'),
    int: (name, fallback) => Number(last(name) ?? fallback),
    list: (name) =>
      (values.get(name) ?? []).flatMap((value) => value.split(',')).filter((value) => value !== ''),
    has: (name) => values.has(name),
    rest,
  }
}

/** Reads everything that configures a start of `k3s server` or `k3s agent`. */
export async function loadConfig(flags: readonly Flag[], argv: readonly string[]): Promise<Config> {
  const cli = parseFlags(flags, argv)
  const file =
    cli.values.get('config')?.at(-1) ??
    process.env.K3S_CONFIG_FILE ??
    hostPath('/etc/rancher/k3s/config.yaml')
  return buildConfig(flags, mergeDocuments(await readDocuments(file)), process.env, cli)
}
