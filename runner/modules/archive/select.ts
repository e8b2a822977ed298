import { matchesGlob } from '../files/glob.js'
import type { Entry, Manifest } from './manifest.js'

/** Which entries of an archive are meant, and how many folders their names lose at the front. */
export interface Selection {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly strip: number
}

/** Options of tar that change what is set on files, but neither names nor places, and run nothing. */
const plainOptions =
  /^(-[pmo]|--(no-)?same-(owner|permissions)|--preserve-permissions|--numeric-owner|--touch|--(no-)?(xattrs|acls|selinux)|--warning=[a-z-]+)$/

const stripOption = /^--strip(?:-components)?=(\d{1,3})$/

/** Whether an option may be given to tar. */
export const isKnownOption = (option: string): boolean =>
  plainOptions.test(option) || stripOption.test(option)

/** What `--strip-components` among the options says, and those that tar itself shall get. */
export function readOptions(options: readonly string[]): { strip: number; passed: readonly string[] } {
  const strip = options.map((option) => stripOption.exec(option)?.[1]).findLast((one) => one !== undefined)
  return { strip: Number(strip ?? 0), passed: options.filter((option) => !stripOption.test(option)) }
}

/** Whether an entry of this name is meant: as tar has it, a pattern stands for what is below it, too. */
export function isMeant(path: string, { include, exclude, strip }: Selection): boolean {
  const parts = path.split('/')
  if (parts.length <= strip) return false
  const above = parts.map((_, at) => parts.slice(0, at + 1).join('/'))
  // Unlike what is included, what is excluded need not begin at the front: `*.md` is meant in every folder.
  const tails = above.flatMap((name) => name.split('/').map((_, at, all) => all.slice(at).join('/')))
  const some = (patterns: readonly string[], names: readonly string[]) =>
    patterns.some((pattern) => names.some((name) => matchesGlob(plain(pattern), name)))
  return (include.length === 0 || some(include, above)) && !some(exclude, tails)
}

const plain = (pattern: string) => pattern.replace(/^(\.\/+)+/, '').replace(/\/+$/, '')

/** What unpacking will bring, by the names that it will have. */
export function selectEntries(manifest: Manifest, selection: Selection): Manifest {
  const entries = manifest.entries
    .filter((entry) => isMeant(entry.path, selection))
    .map((entry): Entry => ({ ...entry, path: entry.path.split('/').slice(selection.strip).join('/') }))
  return { ...manifest, entries }
}
