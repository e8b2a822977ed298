import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import {
  checkNames,
  type Entry,
  type Manifest,
  readListing,
  readTar,
  readZipListing,
} from './archive/manifest.js'
import { extract, listArchive, probeEntries } from './archive/scripts.js'
import { modeAfter } from './files/mode.js'
import { guardArgs, probeGuards } from './guarded.js'
import {
  type ApplyHost,
  type Change,
  type Controller,
  defineModule,
  ModuleFailure,
  type ProbeHost,
} from './module.js'
import { mustRun, outputText } from './outcome.js'
import { bool, mode, owner, path, text } from './schema.js'

const args = z
  .strictObject({
    src: text.describe(
      'An archive of the controller: tar, plain or gzipped (others need `creates`). Of the host: tar, plain or packed by gzip, ' +
        'xz, bzip2 or zstd, or zip.',
    ),
    dest: path.describe('A folder of the host that is there.'),
    remote_src: bool.default(false).describe('`src` is a file of the host.'),
    creates: guardArgs.creates,
    list_files: bool.default(false).describe('The result has `files`.'),
    owner: owner.optional(),
    group: owner.optional(),
    mode: mode.optional().describe('Of everything that is unpacked.'),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    if (value.remote_src && !/^(\/|~\/)/.test(value.src))
      issue('with remote_src it must be an absolute path', 'src')
    if (!isSeen(value) && value.creates === undefined)
      issue(
        'is needed: such an archive is only looked at on the host; copy it there and use remote_src',
        'creates',
      )
  })

const isTar = (src: string) => /\.(tar|tar\.gz|tgz)$/i.test(src)

/** Whether what is in it can be told before it is unpacked. */
const isSeen = ({ src, remote_src }: { src: string; remote_src: boolean }) => remote_src || isTar(src)

type Args = z.output<typeof args> & {
  /** Added by `prepare` for an archive of the controller. */
  readonly local?: { readonly sha256: string; stream(): Readable; readonly manifest: Manifest | undefined }
}

interface State {
  readonly skip?: string
  /** undefined for an archive that is not looked at, or is not there. */
  readonly manifest?: Manifest | undefined
  readonly missing?: readonly string[]
  readonly different?: readonly string[]
}

/** Unpacks archives. */
export const unarchive = defineModule({
  name: 'unarchive',
  doc: {
    summary: 'Unpack an archive into a folder of the host',
    description:
      'What the archive would bring is compared with what is there (kinds, sizes, links, the SHA-256 of all content) before ' +
      'anything is sent. Names that lead out of the folder are refused, and so are files behind the archive’s own links.',
    examples: [
      '- name: The CNI plugins\n  unarchive: { src: cni-plugins.tgz, dest: /opt/cni/bin }',
      '- name: What was fetched\n  unarchive: { src: /tmp/a.zip, dest: /opt, remote_src: true, creates: /opt/a }',
    ],
  },
  args: args as z.ZodType<Args>,
  prepare: (args, controller) => prepare(args, controller),
  probe: (host, args: Args) => probe(host, args),
  diff(args, state): Change<readonly string[]> | undefined {
    if (state.skip !== undefined) return undefined
    const changed = [...(state.different ?? [])]
    if (state.manifest && changed.length === 0 && !state.missing?.length) return undefined
    const names = state.manifest?.entries.map((entry) => entry.path) ?? []
    return {
      summary: [`unpack ${args.src} into ${args.dest}`],
      differences: [{ subject: args.dest, before: '', after: changed.map((one) => `${one}\n`).join('') }],
      requires: state.missing ?? [],
      provides: [...names.map((name) => `file:${args.dest.replace(/\/$/, '')}/${name}`), '*'],
      data: names,
    }
  },
  async apply(host, args, { data, requires }) {
    const [absent] = requires ?? []
    if (absent !== undefined) throw new ModuleFailure(`${absent.slice('file:'.length)} does not exist`)
    await unpack(host, args, data)
    return {}
  },
  result: (args, { manifest, skip }) => ({
    src: args.src,
    dest: args.dest,
    ...(skip === undefined ? {} : { msg: `not unpacked: ${skip}` }),
    ...(args.list_files ? { files: manifest?.entries.map((entry) => entry.path) ?? [] } : {}),
  }),
})

async function prepare(args: Args, controller: Controller): Promise<Args> {
  if (args.remote_src) return args
  const found = controller.find('files', args.src)
  const { sha256 } = await controller.digest(found)
  const manifest = isTar(args.src) ? await readTar(controller.stream(found)) : undefined
  return { ...args, local: { sha256, stream: () => controller.stream(found), manifest } }
}

async function probe(host: ProbeHost, args: Args): Promise<State> {
  const guard = await probeGuards(host, { creates: args.creates })
  if (guard.skip !== undefined) return { skip: guard.skip }
  if (!isSeen(args)) return {}
  const manifest = args.local?.manifest ?? (await listed(host, args.src))
  if (!manifest) return { missing: [`file:${args.src}`] }
  checkNames(manifest)
  const { entries } = manifest
  const names = entries.map((entry) => entry.path).join('\n')
  const files = entries.flatMap((entry) => (entry.kind === 'file' ? [entry.path] : [])).join('\n')
  const said = outputText((await host.query(probeEntries({ dest: args.dest, names, files }))).stdout).split(
    '\n',
  )
  if (said[0] === 'absent') return { manifest, missing: [`file:${args.dest}`] }
  const different = entries.flatMap((entry, at) =>
    isSame(entry, said[at + 1] ?? '', args) ? [] : [entry.path],
  )
  const content = said[entries.length + 1]?.slice(0, 64) === manifest.sha256
  return { manifest, different: different.length > 0 || content ? different : ['other content'] }
}

async function listed(host: ProbeHost, src: string): Promise<Manifest | undefined> {
  const printed = outputText((await host.query(listArchive({ src }))).stdout)
  const [sha256 = '', packer, ...lines] = printed.split('\n')
  if (sha256 === 'absent') return undefined
  return { entries: packer === 'zip' ? readZipListing(lines) : readListing(lines), sha256 }
}

function isSame(entry: Entry, line: string, { owner, group, mode }: Args): boolean {
  if (entry.kind === 'link') return line === `link ${entry.target}`
  if (line === 'missing' || line.startsWith('link ')) return false
  const [raw = '', size, user, uid, groupName, gid] = line.split(' ')
  if (owner !== undefined && owner !== user && owner !== uid) return false
  if (group !== undefined && group !== groupName && group !== gid) return false
  const bits = Number.parseInt(raw, 16)
  const kind = bits >> 12
  const now = (bits & 0o7777).toString(8).padStart(4, '0')
  if (mode !== undefined && modeAfter(mode, now, kind === 4) !== now) return false
  if (entry.kind === 'directory') return kind === 4
  return entry.kind === 'file' ? kind === 8 && Number(size) === entry.size : true
}

async function unpack(host: ApplyHost, args: Args, names: readonly string[]): Promise<void> {
  const { local, dest } = args
  const base = dest === '/' ? '' : dest.replace(/\/$/, '')
  const src = local ? `${base}/.tsplay.${randomBytes(9).toString('hex')}` : args.src
  const { owner = '', group = '', mode = '' } = args
  const sha = local?.sha256 ?? ''
  const values = { src, dest, sha, temp: local ? 'yes' : 'no', names: names.join('\n'), owner, group, mode }
  if (local) await host.upload(local.stream(), src)
  await mustRun(host, extract(values), `unpack ${args.src} into ${dest}`)
}
