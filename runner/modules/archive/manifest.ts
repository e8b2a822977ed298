import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ModuleFailure } from '../module.js'

/** One thing in an archive. */
export interface Entry {
  readonly kind: 'file' | 'directory' | 'link' | 'other'
  /** Without a final slash and a leading `./`. */
  readonly path: string
  /** As the archive has it. */
  readonly raw: string
  readonly size: number
  /** What a symbolic link holds. */
  readonly target: string
}

/** What an archive would bring. */
export interface Manifest {
  readonly entries: readonly Entry[]
  /** SHA-256 (hex) of the content of all regular files that are meant, one after another; '' where it is not known yet. */
  readonly sha256: string
}

/** @throws ModuleFailure for names that would lead out of the destination, by `..`, from `/`, or through a link */
export function checkNames({ entries }: Manifest): void {
  const links = new Set<string>()
  for (const { path, kind } of entries) {
    const parts = path.split('/')
    if (path.startsWith('/') || parts.includes('..') || /[\n\r\0]/.test(path))
      throw new ModuleFailure(
        `the archive holds a name that leads out of its destination: ${JSON.stringify(path)}`,
      )
    for (let depth = 1; depth < parts.length; depth++) {
      const above = parts.slice(0, depth).join('/')
      if (links.has(above))
        throw new ModuleFailure(`the archive writes through its own link ${JSON.stringify(above)}`)
    }
    if (kind === 'link') links.add(path)
  }
}

/** A name without what makes no difference: where it stands once it is unpacked. */
export const plainPath = (path: string) => path.replace(/^(\.\/+)+/, '').replace(/\/+$/, '')

/** Reads `tar -tv` of GNU or busybox. */
export function readListing(lines: readonly string[]): Entry[] {
  return lines.flatMap((line) => {
    const match = /^(.)\S{9,11}\s+\S+\s+([\d,]+)\s+\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? (.*)$/s.exec(line)
    if (!match) throw new ModuleFailure(`tar printed ${JSON.stringify(line)}`)
    const [, type, size = '0', rest = ''] = match
    const [name = '', target = ''] = type === 'l' ? rest.split(' -> ') : rest.split(' link to ', 1)
    const kinds = { '-': 'file', d: 'directory', l: 'link' } as const
    const kind = kinds[type as '-'] ?? 'other'
    const path = plainPath(name)
    return path === '' || path === '.' ? [] : [{ kind, path, raw: name, size: Number(size), target }]
  })
}

/**
 * Reads `unzip -l` of Info-ZIP or busybox: a head, a line of dashes, a line for each entry, dashes again. It does not tell
 * symbolic links from files.
 */
export function readZipListing(lines: readonly string[]): Entry[] {
  const rule = (line: string) => /^\s*-+(\s+-+)*\s*$/.test(line)
  const from = lines.findIndex(rule)
  const to = lines.findLastIndex(rule)
  if (from < 0 || to <= from) throw new ModuleFailure(`unzip printed ${JSON.stringify(lines.join('\n'))}`)
  return lines.slice(from + 1, to).map((line) => {
    const match = /^\s*(\d+)\s+[\d-]+\s+\d\d:\d\d(?::\d\d)?\s{1,3}(.*)$/s.exec(line)
    if (!match) throw new ModuleFailure(`unzip printed ${JSON.stringify(line)}`)
    const [, size = '0', name = ''] = match
    const kind = name.endsWith('/') ? 'directory' : 'file'
    return { kind, path: plainPath(name), raw: name, size: Number(size), target: '' }
  })
}

const block = 512

/**
 * Reads a tar archive, plain or gzipped, with bounded memory: ustar, GNU's long names and pax's paths.
 * @param isMeant whether an entry's content counts for the SHA-256
 * @throws ModuleFailure for what is no such archive
 */
export async function readTar(source: Readable, isMeant: (path: string) => boolean): Promise<Manifest> {
  const hash = createHash('sha256')
  const entries: Entry[] = []
  const reader = new Blocks(await unpacked(source))
  let long: { path?: string; target?: string } = {}
  for (;;) {
    const head = await reader.take(block)
    if (head === undefined && entries.length === 0) throw noTar()
    if (head === undefined || head.every((byte) => byte === 0)) break
    const { type, path, target, size } = readHeader(head)
    if (type === 'L' || type === 'K' || type === 'x') {
      const text = (await reader.content(size)).toString('utf8')
      if (type === 'x') long = { ...long, ...readPax(text) }
      else long = { ...long, [type === 'L' ? 'path' : 'target']: text.replace(/\0.*$/s, '') }
      continue
    }
    const kind = ({ 0: 'file', 2: 'link', 5: 'directory' } as const)[type as '0'] ?? 'other'
    const raw = long.path ?? path
    const clean = plainPath(raw)
    const counts = kind === 'file' && isMeant(clean)
    await reader.pass(size, counts ? (chunk) => hash.update(chunk) : () => undefined)
    if (type !== 'g' && clean !== '' && clean !== '.')
      entries.push({
        kind,
        path: clean,
        raw,
        size: kind === 'file' ? size : 0,
        target: long.target ?? target,
      })
    long = {}
  }
  return { entries, sha256: hash.digest('hex') }
}

async function unpacked(source: Readable): Promise<AsyncIterable<Buffer>> {
  const first = await new Promise<Buffer | null>((resolve, reject) => {
    source.once('error', reject)
    source.once('end', () => resolve(null))
    source.once('readable', () => resolve(source.read() as Buffer | null))
  })
  if (first === null) throw new ModuleFailure('the archive is empty')
  source.unshift(first)
  return first[0] === 0x1f && first[1] === 0x8b ? source.pipe(createGunzip()) : source
}

const noTar = () =>
  new ModuleFailure('this is no tar archive, plain or gzipped', {}, 'for other kinds give `creates`')

function readHeader(head: Buffer) {
  const field = (from: number, to: number) => head.toString('utf8', from, to).replace(/\0.*$/s, '')
  const sum = Number.parseInt(field(148, 156).trim(), 8)
  const real = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
  if (sum !== real) throw noTar()
  const prefix = field(257, 262) === 'ustar' && head[262] === 0 ? field(345, 500) : ''
  const type = head[156] === 0 ? '0' : String.fromCharCode(head[156]!)
  const wide = (head[124]! & 0x80) !== 0
  const size = wide ? Number(head.readBigUInt64BE(128)) : Number.parseInt(field(124, 136).trim() || '0', 8)
  return {
    type,
    path: prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`,
    target: field(157, 257),
    size,
  }
}

function readPax(text: string): { path?: string; target?: string } {
  const found: { path?: string; target?: string } = {}
  for (const match of text.matchAll(/(?:^|\n)?\d+ (path|linkpath)=([^\n]*)\n/g))
    found[match[1] === 'path' ? 'path' : 'target'] = match[2]!
  return found
}

/** Bytes of a stream, by count. */
class Blocks {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  async take(count: number): Promise<Buffer | undefined> {
    while (this.#rest.length < count) {
      const next = await this.#chunks.next()
      if (next.done) return undefined
      this.#rest = Buffer.concat([this.#rest, next.value])
    }
    const taken = this.#rest.subarray(0, count)
    this.#rest = this.#rest.subarray(count)
    return taken
  }

  /** Content and the padding behind it, piece by piece. */
  async pass(size: number, use: (chunk: Buffer) => void): Promise<void> {
    for (let left = size; left > 0; ) {
      const piece = await this.take(Math.min(left, 64 * 1024))
      if (!piece) throw new ModuleFailure('the archive is cut short')
      use(piece)
      left -= piece.length
    }
    const padding = (block - (size % block)) % block
    if (padding > 0) await this.take(padding)
  }

  async content(size: number): Promise<Buffer> {
    if (size > 1024 * 1024) throw new ModuleFailure('the archive has a name that is too long')
    const parts: Buffer[] = []
    await this.pass(size, (chunk) => parts.push(chunk))
    return Buffer.concat(parts)
  }
}
