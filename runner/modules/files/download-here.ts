import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ModuleFailure } from '../module.js'
import { reveal } from '../schema.js'
import type { Checksum } from './checksum.js'
import type { Content } from './content.js'
import { basicAuth, type Download } from './download.js'

const fetched = new Map<string, Promise<Content>>()
let folder: string | undefined

/**
 * Fetches a file on the controller, once a run for the same request however many hosts want it.
 * @throws ModuleFailure with the server's or the system's reason, or where its SHA-256 is another
 */
export function downloadHere(order: Download): Promise<Content> {
  const { url, sha256, sum, headers, user } = order
  const told = Object.entries(headers).map(([name, value]) => [name, reveal(value)])
  const key = JSON.stringify([url, sha256, sum, told, reveal(user ?? '')])
  const known = fetched.get(key)
  if (known) return known
  const content = request(order)
  fetched.set(key, content)
  content.catch(() => fetched.delete(key))
  return content
}

async function request(order: Download): Promise<Content> {
  folder ??= temporaryFolder()
  const path = join(folder, randomUUID())
  const hash = createHash('sha256')
  const own = createHash(order.sum?.algorithm ?? 'sha256')
  let size = 0
  const idle = idleLimit(order)
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      idle.refresh()
      hash.update(chunk)
      own.update(chunk)
      size += chunk.length
      done(null, chunk)
    },
  })
  try {
    const body = await bodyOf(order, idle.signal)
    await pipeline(body, count, createWriteStream(path, { flags: 'wx', mode: 0o600 }))
  } catch (error) {
    rmSync(path, { force: true })
    throw failure(order, idle.signal.aborted ? idle.signal.reason : error)
  } finally {
    idle.end()
  }
  const sha256 = hash.digest('hex')
  checkSum(order, { algorithm: order.sum?.algorithm ?? 'sha256', hex: own.digest('hex') })
  return { size, sha256, secret: false, stream: () => createReadStream(path) }
}

function checkSum({ url, sha256, sum }: Download, { algorithm, hex }: Checksum): void {
  const wanted = sum?.hex ?? sha256
  if (wanted !== '' && hex !== wanted)
    throw new ModuleFailure(`the checksum of ${url} is wrong: ${algorithm} ${hex}, not ${wanted}`)
}

/** Gives up when nothing comes for as long as `timeout` says. */
function idleLimit({ timeout }: Download) {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(new Error(`nothing came for ${timeout} s`)), timeout * 1000)
  return { signal: stop.signal, refresh: () => timer.refresh(), end: () => clearTimeout(timer) }
}

async function bodyOf({ url, headers, user }: Download, signal: AbortSignal): Promise<Readable> {
  const sent = new Headers(Object.entries(headers).map(([name, value]) => [name, reveal(value)]))
  for (const line of basicAuth(user)) sent.set('authorization', line.slice(line.indexOf(' ') + 1))
  const answer = await fetch(url, { headers: sent, signal })
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`.trim())
  return answer.body ? Readable.fromWeb(answer.body as never) : Readable.from([])
}

function failure({ url }: Download, error: unknown): ModuleFailure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : (error as Error)
  return new ModuleFailure(`could not fetch ${url} on the controller: ${cause.message || String(cause)}`)
}

function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'tsplay-fetched-'))
  process.once('exit', () => rmSync(path, { recursive: true, force: true }))
  return path
}
