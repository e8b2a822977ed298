import { ModuleFailure } from '../module.js'

export type FileKind = 'file' | 'directory' | 'link' | 'fifo' | 'socket' | 'char' | 'block' | 'absent'

/** What stands at a path on a host. */
export interface FileState {
  readonly kind: FileKind
  /** Whether the folder it stands, or would stand, in is there. */
  readonly parent: boolean
  /** Four octal digits, or five. '' where absent. */
  readonly mode: string
  readonly uid: number
  readonly gid: number
  /** Names; the number as text where the host has no name for it. */
  readonly owner: string
  readonly group: string
  /** Bytes. */
  readonly size: number
  /** Seconds since the epoch. */
  readonly mtime: number
  readonly atime: number
  readonly ctime: number
  readonly nlink: number
  readonly inode: number
  readonly device: number
  /** Hex, where it was asked for and the path is a regular file. */
  readonly sha256?: string
  /** What a symbolic link holds. */
  readonly target?: string
  /** A symbolic link that leads to a directory. */
  readonly toDirectory: boolean
  /** The SELinux context, on hosts that have SELinux. */
  readonly context?: string
  /** The context that the host's policy has for the path, where it was asked for. */
  readonly policy?: string
}

const nothing = { mode: '', uid: -1, gid: -1, owner: '', group: '', size: 0, mtime: 0, atime: 0, ctime: 0 }

/** Nothing is there. */
const absent: FileState = {
  kind: 'absent',
  parent: true,
  ...nothing,
  nlink: 0,
  inode: 0,
  device: 0,
  toDirectory: false,
}

/** Lines and bytes of what a script printed, read from the front. */
export class Reader {
  #at = 0

  constructor(readonly bytes: Buffer) {}

  /** The next line, without its end; undefined at the end. */
  line(): string | undefined {
    if (this.#at >= this.bytes.length) return undefined
    const end = this.bytes.indexOf(10, this.#at)
    const stop = end < 0 ? this.bytes.length : end
    const line = this.bytes.toString('utf8', this.#at, stop)
    this.#at = stop + 1
    return line
  }

  /** A line that must be there. */
  must(what: string): string {
    const line = this.line()
    if (line === undefined) throw new ModuleFailure(`the host's answer ends before the ${what}`)
    return line
  }

  /** So many bytes, which must be there. */
  take(count: number): Buffer {
    const end = this.#at + count
    if (!(end <= this.bytes.length)) throw new ModuleFailure("the host's answer ends before a file does")
    const taken = this.bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  rest(): Buffer {
    return this.bytes.subarray(Math.min(this.#at, this.bytes.length))
  }
}

const kinds: Readonly<Record<number, FileKind>> = {
  1: 'fifo',
  2: 'char',
  4: 'directory',
  6: 'block',
  8: 'file',
  10: 'link',
  12: 'socket',
}

/** Reads what the fragment `printState` prints. */
export function readState(reader: Reader): FileState {
  const first = reader.must('state of a file')
  if (first === 'absent') {
    const parent = reader.must('parent') === 'parent=yes'
    reader.line()
    return { ...absent, parent }
  }
  if (first !== 'there')
    throw new ModuleFailure(`the host answered ${JSON.stringify(first)} for the state of a file`)
  const numbers = readNumbers(reader)
  const owner = nameOr(reader.must('owner'), numbers.uid)
  const group = nameOr(reader.must('group'), numbers.gid)
  return { ...numbers, parent: true, owner, group, ...readExtras(reader) }
}

// GNU stat says UNKNOWN for an id without a name, busybox the same; an account of that name is not worth the trouble.
const nameOr = (name: string, id: number) => (name === 'UNKNOWN' || name === '' ? `${id}` : name)

function readNumbers(reader: Reader) {
  const words = reader.must('state of a file').split(' ')
  const raw = Number.parseInt(words[0] ?? '', 16)
  const [uid, gid, size, mtime, nlink, inode, device, atime, ctime] = words.slice(2).map(Number)
  const numbers = { uid, gid, size, mtime, nlink, inode, device, atime, ctime } as Record<string, number>
  if (words.length !== 11 || Object.values(numbers).concat(raw).some(Number.isNaN))
    throw new ModuleFailure(`stat printed ${JSON.stringify(words.join(' '))}`)
  const kind = kinds[raw >> 12] ?? 'file'
  const mode = (raw & 0o7777).toString(8).padStart(4, '0')
  return { kind, mode, ...(numbers as unknown as Omit<FileState, 'kind' | 'mode'>) }
}

type Extras = Pick<FileState, 'toDirectory' | 'sha256' | 'target' | 'context' | 'policy'>

function readExtras(reader: Reader): Extras {
  let extras: Extras = { toDirectory: false }
  for (let line = reader.must('end of the state'); line !== ''; line = reader.must('end of the state')) {
    if (/^[0-9a-f]{64} [ *]-$/.test(line)) extras = { ...extras, sha256: line.slice(0, 64) }
    else if (line.startsWith('link=')) extras = { ...extras, target: line.slice(5) }
    else if (line.startsWith('more=')) extras = { ...extras, target: `${extras.target}\n${line.slice(5)}` }
    else if (line.startsWith('context=')) extras = { ...extras, context: line.slice(8) }
    else if (line.startsWith('policy=')) extras = { ...extras, policy: line.slice(7) }
    else if (line === 'todir') extras = { ...extras, toDirectory: true }
  }
  return extras
}
