import { type Change, ModuleFailure, type ProbeHost } from '../module.js'
import { isExcluded } from './exclude.js'
import { probeSync } from './scripts.js'
import type { SyncEntry, SyncSource } from './source.js'

/** Something that stands at the destination. */
interface Found {
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  readonly mode: string
  readonly size: number
  readonly mtime: number
  readonly sha256?: string | undefined
  readonly target?: string | undefined
}

export interface SyncState {
  /** The destination, `~` expanded, without a final slash. */
  readonly root: string
  readonly exists: boolean
  readonly found: ReadonlyMap<string, Found>
  /** Every path below the folder that is kept the same, where that was asked for. */
  readonly all: readonly string[]
}

/** What is to be done, in this order. Paths are relative to the root. */
export interface SyncWork {
  readonly root: string
  readonly exists: boolean
  readonly clear: readonly string[]
  readonly folders: readonly string[]
  readonly files: readonly Extract<SyncEntry, { kind: 'file' }>[]
  readonly links: readonly Extract<SyncEntry, { kind: 'link' }>[]
  /** A mode and a path each, what is deeper first. */
  readonly modes: readonly string[]
  readonly remove: readonly string[]
}

interface SyncOptions {
  readonly dest: string
  readonly checksum: boolean
  readonly delete: boolean
  readonly perms: boolean
  readonly exclude: readonly string[]
}

/** One round trip for the whole folder. */
export async function askSync(host: ProbeHost, source: SyncSource, options: SyncOptions): Promise<SyncState> {
  const { dest, checksum } = options
  const entries = source.entries.map(({ path }) => path).join('\n')
  const yesNo = (value: boolean) => (value ? 'yes' : 'no')
  const values = { dest, prefix: source.prefix, entries, hash: yesNo(checksum), walk: yesNo(options.delete) }
  const { stdout } = await host.query(probeSync(values))
  const [home = '', state, ...lines] = stdout.toString('utf8').split('\n')
  const expanded = dest === '~' || dest.startsWith('~/') ? home + dest.slice(1) : dest
  const root = expanded.replace(/\/+$/, '') || '/'
  if (state === 'absent') return { root, exists: false, found: new Map(), all: [] }
  if (state !== 'there') throw new ModuleFailure(`the host answered ${JSON.stringify(state)}`)
  const [stats = [], sums = [], links = [], all = []] = sections(lines)
  const shaOf = new Map(sums.map(readSum))
  const targetOf = new Map(pairs(links).map(([path, target]) => [plain(path), target]))
  const found = new Map(
    stats.map((line): [string, Found] => {
      const { path, ...rest } = readStat(line)
      return [path, { ...rest, sha256: shaOf.get(path), target: targetOf.get(path) }]
    }),
  )
  return {
    root,
    exists: true,
    found,
    all: all.map(plain).filter((path) => path !== source.prefix && path !== ''),
  }
}

const plain = (path: string) => path.replace(/^\.\/?/, '').replace(/\/+$/, '')

/** The last section may itself hold no empty line: no path is empty. */
function sections(lines: readonly string[]): string[][] {
  const parts: string[][] = [[]]
  for (const line of lines) line === '' ? parts.push([]) : parts.at(-1)!.push(line)
  return parts
}

const pairs = (lines: readonly string[]) =>
  lines.flatMap((line, at) => (at % 2 === 0 ? [[line, lines[at + 1] ?? ''] as const] : []))

// GNU's sha256sum marks a name with a backslash in it, and doubles that.
function readSum(line: string): [string, string] {
  const marked = line.startsWith('\\')
  const [, sum = '', name = ''] = /^\\?([0-9a-f]{64}) [ *](.*)$/s.exec(line) ?? []
  return [plain(marked ? name.replaceAll('\\\\', '\\') : name), sum]
}

function readStat(line: string) {
  const [, raw = '', size = '', mtime = '', name = ''] = /^([0-9a-f]+) (\d+) (-?\d+) (.*)$/s.exec(line) ?? []
  if (name === '') throw new ModuleFailure(`stat printed ${JSON.stringify(line)}`)
  const bits = Number.parseInt(raw, 16)
  const kind = ({ 4: 'directory', 8: 'file', 10: 'link' } as const)[bits >> 12] ?? 'other'
  const mode = (bits & 0o7777).toString(8).padStart(4, '0')
  return { path: plain(name), kind, mode, size: Number(size), mtime: Number(mtime) } as const
}

/**
 * What would be sent, set and removed.
 * @throws ModuleFailure where a folder stands in the place of a file, or the other way round, and nothing may be removed
 */
export function planSync(
  source: SyncSource,
  state: SyncState,
  options: SyncOptions,
): Change<SyncWork> | undefined {
  const { root } = state
  const found = stillThere(source, state)
  const differing = source.entries.filter((entry) => differs(entry, found.get(entry.path), options))
  const clear = differing.flatMap((entry) => inTheWay(entry, found.get(entry.path), options.delete, root))
  const files = differing
    .filter((entry) => entry.kind === 'file')
    .map((file) => ({ ...file, mode: modeFor(file, found.get(file.path), options) }))
  const links = differing.filter((entry) => entry.kind === 'link')
  const folders = source.entries.filter(
    (entry) => entry.kind === 'directory' && found.get(entry.path)?.kind !== 'directory',
  )
  const modes = source.entries.filter((entry) => modeDiffers(entry, found.get(entry.path), options))
  const cleared = (path: string) => clear.some((top) => path === top || path.startsWith(`${top}/`))
  const remove = options.delete
    ? unwanted(source, state, options.exclude).filter((path) => !cleared(path))
    : []
  const alone = modes.filter((entry) => !differing.includes(entry) && found.has(entry.path))
  if (state.exists && differing.length + alone.length + remove.length === 0) return undefined
  const full = (path: string) => (root === '/' ? `/${path}` : `${root}/${path}`)
  const verb = (entry: SyncEntry) => (found.has(entry.path) ? 'change' : 'create')
  const slash = (entry: SyncEntry) => (entry.kind === 'directory' ? '/' : '')
  const modeOf = (entry: SyncEntry) => `mode ${found.get(entry.path)!.mode} → ${entry.mode}`
  return {
    summary: [
      ...(state.exists ? [] : [`create ${root}/`]),
      ...differing.map((entry) => `${verb(entry)} ${full(entry.path)}${slash(entry)}`),
      ...alone.map((entry) => `${modeOf(entry)} of ${full(entry.path)}`),
      ...remove.map((path) => `remove ${full(path)}`),
    ],
    differences: [
      ...differing.map((entry) => ({
        subject: full(entry.path),
        before: tell(found.get(entry.path)),
        after: tell(entry),
      })),
      ...alone.map((entry) => ({
        subject: full(entry.path),
        before: `mode ${found.get(entry.path)!.mode}\n`,
        after: `mode ${entry.mode}\n`,
      })),
      ...remove.map((path) => ({ subject: full(path), before: 'there\n', after: '' })),
    ],
    provides: [`file:${root}`, ...differing.map((entry) => `file:${full(entry.path)}`)],
    data: {
      root,
      exists: state.exists,
      clear,
      folders: folders.map(({ path }) => path),
      files,
      links,
      modes: modes
        .map((entry) => `${modeFor(entry, found.get(entry.path), options)} ${entry.path}`)
        .reverse(),
      remove,
    },
  }
}

function differs(entry: SyncEntry, now: Found | undefined, { checksum }: SyncOptions): boolean {
  if (entry.kind !== now?.kind) return true
  if (entry.kind === 'link') return entry.target !== now.target
  if (entry.kind === 'directory') return false
  if (entry.size !== now.size) return true
  return checksum ? entry.sha256 !== now.sha256 : entry.mtime !== now.mtime
}

/** Without `perms` what is there keeps its mode, and what is new gets that of the controller's as the usual umask has it. */
function modeFor({ kind, mode }: SyncEntry, now: Found | undefined, { perms }: SyncOptions): string {
  if (perms) return mode
  if (now?.kind === kind) return now.mode
  return (Number.parseInt(mode, 8) & 0o755).toString(8).padStart(4, '0')
}

/** Files that are sent come with their modes. */
function modeDiffers(entry: SyncEntry, now: Found | undefined, options: SyncOptions): boolean {
  if (entry.kind === 'link') return false
  if (now?.kind !== entry.kind) return entry.kind === 'directory'
  return now.mode !== modeFor(entry, now, options)
}

/** @throws ModuleFailure where it must not be removed */
function inTheWay(entry: SyncEntry, now: Found | undefined, mayRemove: boolean, root: string): string[] {
  if (now === undefined || (now.kind === 'directory') === (entry.kind === 'directory')) return []
  if (!mayRemove)
    throw new ModuleFailure(
      `${root}/${entry.path} is a ${now.kind} on the host, and a ${entry.kind} here`,
      {},
      'delete: true removes what stands in the way',
    )
  return [entry.path]
}

/** What was found, without what a link that gives way to a folder only leads to. */
function stillThere({ entries }: SyncSource, { found }: SyncState): ReadonlyMap<string, Found> {
  const links = new Set(
    entries.flatMap(({ kind, path }) =>
      kind === 'directory' && found.get(path)?.kind === 'link' ? [path] : [],
    ),
  )
  return new Map([...found].filter(([path]) => !above(path).some((folder) => links.has(folder))))
}

/** What stands below the folder and is not wanted, without what is below such a thing, and never what is excluded. */
function unwanted({ entries, prefix }: SyncSource, { all }: SyncState, exclude: readonly string[]): string[] {
  const wanted = new Set([prefix, ...entries.map(({ path }) => path)])
  const folders = new Set(all.map((path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))))
  const isKept = (path: string) =>
    isExcluded(path, folders.has(path), exclude) ||
    path.split('/').some((name) => name.startsWith('.tsplay.'))
  const holding = new Set(all.filter(isKept).flatMap(above))
  const gone = new Set(all.filter((path) => !wanted.has(path) && !isKept(path) && !holding.has(path)))
  for (const path of gone)
    if (path.includes('\ufffd'))
      throw new ModuleFailure(`a name that is not UTF-8 cannot be removed: ${path}`)
  return [...gone].filter((path) => !above(path).some((folder) => gone.has(folder))).sort()
}

const above = (path: string): string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, at, parts) => parts.slice(0, at + 1).join('/'))

function tell(one: SyncEntry | Found | undefined): string {
  if (one === undefined) return ''
  if (one.kind === 'link') return `link to ${one.target}\n`
  if (one.kind !== 'file') return `${one.kind}\n`
  return one.sha256 ? `${one.size} bytes, sha256 ${one.sha256}\n` : `${one.size} bytes\n`
}
