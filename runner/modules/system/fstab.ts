/** One mount, as /proc/mounts and fstab write it. */
export interface MountPoint {
  readonly src: string
  readonly path: string
  readonly fstype: string
  readonly opts: string
}

export interface FstabEntry extends MountPoint {
  readonly dump: string
  readonly passno: string
}

const decode = (word: string) =>
  word.replace(/\\([0-7]{3})/g, (_all, code) => String.fromCharCode(Number.parseInt(code, 8)))
const encode = (word: string) =>
  word.replace(/[\s\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)

/** Reads /proc/mounts; of two at one place the later lies above. */
export function readMounts(body: string): MountPoint[] {
  return body.split('\n').flatMap((line) => {
    const [src, path, fstype, opts] = line.split(' ')
    if (src === undefined || path === undefined || fstype === undefined || opts === undefined) return []
    return [{ src: decode(src), path: decode(path), fstype, opts }]
  })
}

/** The lines with the entry of a path in them, or without it; the same array where nothing changes. */
export function editFstab(
  lines: readonly string[],
  path: string,
  entry: FstabEntry | undefined,
): readonly string[] {
  const words = (line: string) => (line.trim().startsWith('#') ? [] : line.trim().split(/\s+/).map(decode))
  const isIt = (line: string) => words(line)[1] === path
  const found = lines.filter(isIt)
  if (!entry) return found.length === 0 ? lines : lines.filter((line) => !isIt(line))
  const { src, fstype, opts, dump, passno } = entry
  const wanted = [src, path, fstype, opts, dump, passno]
  const [only] = found
  if (found.length === 1 && same(words(only!), wanted)) return lines
  const line = wanted.map(encode).join(' ')
  const at = lines.findIndex(isIt)
  const others = lines.filter((one) => !isIt(one))
  return at < 0 ? [...others, line] : others.toSpliced(at, 0, line)
}

/** The last two fields may be left out, and are then 0. */
function same(now: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((word, at) => word === (now[at] ?? (at >= 4 ? '0' : undefined)))
}
