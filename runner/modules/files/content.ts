import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { Secret } from '../../secrets/secret.js'
import type { Controller } from '../module.js'

/** Content up to this many bytes travels inside the script that writes it; more, or binary, on a channel of its own. */
const inlineBytes = 256 * 1024

/** From this many bytes on, another program than `sha256sum` is worth its start (`fs_quick`). */
export const largeBytes = 4 * 1024 * 1024

/** What a file shall hold. */
export interface Content {
  readonly size: number
  /** Hex. */
  readonly sha256: string
  /** Kept for content that is small enough to travel in a script. */
  readonly bytes?: Buffer
  /** It must not be shown. */
  readonly secret: boolean
  stream(): Readable
}

/** Content that is at hand. */
export function contentOf(value: string | Buffer | Secret): Content {
  const bytes = Buffer.isBuffer(value)
    ? value
    : Buffer.from(value instanceof Secret ? value.reveal() : value, 'utf8')
  return {
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes,
    secret: value instanceof Secret,
    stream: () => Readable.from([bytes]),
  }
}

/** A file of the controller. Its bytes are read now only if they are few. */
export async function contentOfFile(controller: Controller, path: string): Promise<Content> {
  const { size, sha256 } = await controller.digest(path)
  const bytes = size <= inlineBytes ? { bytes: await controller.readFile(path) } : {}
  return { size, sha256, ...bytes, secret: false, stream: () => controller.stream(path) }
}

/** Whether it can be a variable of a script. */
export function isInline(content: Content): content is Content & { bytes: Buffer } {
  return content.bytes !== undefined && content.size <= inlineBytes && !content.bytes.includes(0)
}

/** The text, or undefined for what is not UTF-8 or holds NUL. */
export function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined
}
