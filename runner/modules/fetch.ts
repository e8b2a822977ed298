import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { z } from 'zod'
import { expandHome } from './files/fragments.js'
import { type FileAnswer, probeFile } from './files/probe.js'
import { type ApplyHost, type Change, defineModule, ModuleFailure } from './module.js'
import { mustRun } from './outcome.js'
import { bool, localPath, path } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({
  src: path.describe('A file of the host.'),
  dest: localPath.describe(
    'A folder of the controller: the file goes to `dest/HOST/src`. With `flat`, the file itself, or the folder if it ' +
      'ends in a slash. Relative to the folder that tsplay was started in.',
  ),
  flat: bool.default(false),
  fail_on_missing: bool.default(true).describe('false: a file that is not there is no failure.'),
  validate_checksum: bool.default(true).describe('Accepted; what arrives is always verified.'),
})

type Args = z.output<typeof args>

interface State {
  readonly answer: FileAnswer
  /** Where it goes on the controller. */
  readonly target: string
  /** No path may lead out of it. */
  readonly root: string
  /** Hex; undefined where the controller has no such file. */
  readonly local: string | undefined
}

/** What is to be brought; no digest for a file that is not there yet, in check mode. */
interface Order extends Pick<State, 'target' | 'root'> {
  readonly sha256: string
  readonly size: number
}

const pieceBytes = 1024 * 1024
/** Asked for before the first has come: so a far host sends without pauses, and few MiB are held. */
const piecesAhead = 4

const script = shellScript(
  'read-piece',
  'probe',
  ['path', 'piece', 'size'],
  `${expandHome}
fs_expand "$path"
[ -f "$fs_path" ] || { printf '%s\\n' "not a file: $fs_path" >&2; exit 1; }
dd if="$fs_path" bs="$size" skip="$piece" count=1 2>/dev/null`,
)

/** Brings a file of the host to the controller. */
export const fetch = defineModule({
  name: 'fetch',
  doc: {
    summary: 'Bring a file of the host to the controller',
    description:
      'It is written beside its place with mode 0600, verified by SHA-256 and renamed; it can grow to any size. Neither ' +
      'the name of the host nor a path or link leads out of `dest`.',
    examples: [
      '- name: The kubeconfig\n  fetch: { src: /etc/rancher/k3s/k3s.yaml, dest: kubeconfig.yaml, flat: true }',
    ],
  },
  args,
  async probe(host, args: Args): Promise<State> {
    const { root, target } = placeOf(args, host.name)
    const answer = await probeFile(host, { path: args.src, follow: true })
    return { answer, root, target, local: await sumOf(target) }
  },
  diff(args, { answer, target, root, local }): Change<Order> | undefined {
    const { file } = answer
    if (file.kind === 'absent') {
      if (!args.fail_on_missing) return undefined
      return {
        summary: [`fetch ${answer.path}`],
        requires: [`file:${answer.path}`],
        data: { target, root, sha256: '', size: 0 },
      }
    }
    if (file.kind !== 'file') throw new ModuleFailure(`${answer.path} is a ${file.kind}, not a file`)
    if (file.sha256 === local) return undefined
    return {
      summary: [`fetch ${answer.path} to ${target}`],
      differences: [
        {
          subject: target,
          before: local === undefined ? '' : `sha256 ${local}\n`,
          after: `${file.size} bytes, sha256 ${file.sha256}\n`,
        },
      ],
      data: { target, root, sha256: file.sha256!, size: file.size },
    }
  },
  async apply(host, args, { data }) {
    if (data.sha256 === '') throw new ModuleFailure(`${args.src} does not exist`)
    await bring(host, args.src, data)
    return { dest: data.target, checksum: data.sha256, remote_checksum: data.sha256 }
  },
  result: (args, { target, answer, local }) => ({
    src: args.src,
    dest: target,
    ...(local === undefined ? {} : { checksum: local }),
    ...(answer.file.kind === 'absent' ? { msg: 'the file is not on the host' } : {}),
  }),
})

/** @throws ModuleFailure for names that would lead out of the destination */
function placeOf({ dest, src, flat }: Args, host: string): { root: string; target: string } {
  const parts = src.replace(/^~/, '').split('/')
  if (parts.includes('..')) throw new ModuleFailure(`src must not have '..' in it: ${src}`)
  const expanded = dest.startsWith('~/') ? join(process.env.HOME ?? '/', dest.slice(2)) : dest
  if (flat) {
    const target = dest.endsWith('/') ? resolve(expanded, basename(src)) : resolve(expanded)
    return { root: dirname(target), target }
  }
  if (host === '' || host === '.' || host === '..' || /[/\\\0]/.test(host))
    throw new ModuleFailure(`the name of the host cannot be the name of a folder: ${JSON.stringify(host)}`)
  const root = resolve(expanded)
  return { root, target: join(root, host, ...parts) }
}

async function sumOf(target: string): Promise<string | undefined> {
  const found = await lstat(target).catch(() => undefined)
  if (found === undefined) return undefined
  if (!found.isFile()) throw new ModuleFailure(`${target} on the controller is not a file`)
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(target)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Folders are made one by one, so that a link among them is seen before anything is written behind it. */
async function safeFolder(root: string, target: string): Promise<void> {
  await mkdir(root, { recursive: true })
  const real = await realpath(root)
  let folder = root
  for (const part of dirname(target)
    .slice(root.length)
    .split(sep)
    .filter((name) => name !== '')) {
    folder = join(folder, part)
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw new ModuleFailure(`cannot make ${folder}: ${error.message}`)
    })
    const found = await realpath(folder)
    if (found !== real && !found.startsWith(real === sep ? sep : real + sep))
      throw new ModuleFailure(`${folder} leads out of ${root}`)
  }
}

/** The bytes of a file of the host, in order. @throws ModuleFailure when it cannot be read */
async function* piecesOf(host: ApplyHost, src: string, bytes: number): AsyncGenerator<Buffer> {
  const count = Math.ceil(bytes / pieceBytes)
  const coming: Promise<Buffer>[] = []
  const ask = (piece: number): void => {
    const values = { path: src, piece: `${piece}`, size: `${pieceBytes}` }
    const answer = mustRun(host, script(values), `read ${src}`).then(({ stdout }) => stdout)
    // Told when its turn comes; one behind a failure is nobody's.
    answer.catch(() => undefined)
    coming.push(answer)
  }
  for (let piece = 0; piece < count + piecesAhead; piece++) {
    if (piece < count) ask(piece)
    if (piece >= piecesAhead - 1 && coming.length > 0) yield await coming.shift()!
  }
  await Promise.allSettled(coming)
}

async function bring(host: ApplyHost, src: string, { target, root, sha256, size }: Order): Promise<void> {
  await safeFolder(root, target)
  const temp = join(dirname(target), `.tsplay.${randomBytes(9).toString('hex')}`)
  const file = await open(temp, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    for await (const bytes of piecesOf(host, src, size)) {
      hash.update(bytes)
      await file.writeFile(bytes)
    }
    if (hash.digest('hex') !== sha256) throw new ModuleFailure(`${src} was changed while it was read`)
    await file.sync()
    await rename(temp, target)
  } finally {
    await file.close()
    await rm(temp, { force: true })
  }
}
