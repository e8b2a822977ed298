import { Readable } from 'node:stream'
import type { Channel, ChannelEnd, Remote } from './channel.js'
import { collector, output } from './collect.js'
import { onAbort } from './on-abort.js'
import { startProgram } from './open.js'
import { QuoteError } from './quote.js'
import { deathSignal } from './signals.js'
import type { Outcome, RunOptions, Script } from './transport.js'

const outputLimit = 64 * 1024

/**
 * Bytes into a new file, on a channel of its own. Only `exited` with 0 means that all of them are there: after
 * anything else a part of the file may exist, and it is the caller's to remove.
 * @throws ConnectError; what the content throws
 */
export async function uploadFile(
  remote: Remote,
  content: Readable | Buffer,
  path: string,
  { become, signal }: RunOptions,
): Promise<Outcome> {
  const channel = await startProgram(remote, become, uploadProgram(path))
  const stdout = collector(outputLimit)
  const stderr = collector(outputLimit)
  channel.stdout.on('data', (chunk: Buffer) => stdout.add(chunk)).resume()
  channel.stderr.on('data', (chunk: Buffer) => stderr.add(chunk)).resume()
  if (signal?.aborted) channel.close()
  const unwatch = signal && onAbort(signal, () => channel.close())
  try {
    await feed(channel, content)
    const end = await channel.ended
    return signal?.aborted ? { kind: 'aborted' } : outcome(end, output(stdout, stderr))
  } finally {
    unwatch?.()
    channel.close()
  }
}

const pieceBytes = 48 * 1024
const piecesAhead = 8

/**
 * The same through a kept shell, for a host that allows no second session on the connection (MaxSessions 1): slower,
 * since the shell reads every byte.
 */
export async function uploadInPieces(
  run: (script: Script) => Promise<Outcome>,
  content: Readable | Buffer,
  path: string,
): Promise<Outcome> {
  let latest = await run({ body: 'umask 077\nset -C\n: >"$path"', vars: { path } })
  let ahead: Promise<Outcome>[] = []
  const good = (): boolean => latest.kind === 'exited' && latest.code === 0
  const settle = async (): Promise<void> => {
    for (const outcome of await Promise.all(ahead)) if (good()) latest = outcome
    ahead = []
  }
  for await (const chunk of content instanceof Buffer ? [content] : content) {
    for (const piece of slices(Buffer.from(chunk as Buffer), pieceBytes)) {
      if (ahead.length >= piecesAhead) await settle()
      if (!good()) return latest
      ahead.push(run({ body: 'cat >>"$path"', vars: { path }, stdin: piece }))
    }
  }
  await settle()
  return latest
}

/**
 * `set -C` makes the redirection fail where a file exists. A path is spelled by printf's octal escapes, so that it
 * passes through every login shell; the `x` keeps newlines at its end.
 */
function uploadProgram(path: string): string {
  const bytes = Buffer.from(path)
  if (bytes.includes(0)) throw new QuoteError('a path with a NUL byte cannot reach a shell')
  const spelled = bytes
    .toString('latin1')
    .replace(/[^A-Za-z0-9/._]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
  return `umask 077; set -C; p=$(printf "${spelled}x"); exec cat > "\${p%x}"`
}

/**
 * Writes with backpressure; stops when the program has ended, since then nobody reads any more. By events: to race a
 * promise for each piece against the program's end would keep every piece in memory until that end.
 * @throws what the content throws
 */
function feed({ stdin, ended }: Channel, content: Readable | Buffer): Promise<void> {
  const source: Readable = Buffer.isBuffer(content) ? Readable.from(slices(content, 256 * 1024)) : content
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      source.removeListener('data', onData)
      source.destroy()
      stdin.removeListener('drain', onDrain)
      stdin.end()
      if (error) reject(error)
      else resolve()
    }
    const onDrain = (): void => void source.resume()
    const onData = (chunk: Buffer): void => {
      if (!stdin.write(chunk)) source.pause()
    }
    stdin.on('error', () => {})
    stdin.on('drain', onDrain)
    source.once('end', () => finish())
    source.once('error', finish)
    source.on('data', onData)
    void ended.then(() => finish())
  })
}

function* slices(content: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

function outcome(end: ChannelEnd, printed: ReturnType<typeof output>): Outcome {
  if (end.code === null && end.signal === null)
    return { kind: 'lost', sent: true, reason: 'the connection was lost during the upload' }
  const signal = end.code === null ? deathSignal(end) : undefined
  if (signal) return { kind: 'signalled', signal, ...printed }
  return { kind: 'exited', code: end.code ?? 1, ...printed }
}
