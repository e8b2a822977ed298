import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import {
  checkNames,
  type Entry,
  type Manifest,
  plainPath,
  readListing,
  readTar,
  readZipListing,
} from './archive/manifest.js'
import { extract, listArchive, probeEntries } from './archive/scripts.js'
import { isKnownOption, isMeant, readOptions, type Selection, selectEntries } from './archive/select.js'
import { onlyMode } from './files/attributes.js'
import { modeAfter } from './files/mode.js'
import { probeFile } from './files/probe.js'
import { removeUpload, uploadInto } from './files/upload.js'
import { writeFile } from './files/write.js'
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
import { bool, mode, owner, path, text, textList } from './schema.js'
import { joinWords } from './words.js'

const isUrl = (src: string) => /^https?:\/\//.test(src)
const names = textList
  .refine((list) => list.every((v) => v !== '' && !/[\n\r]/.test(v)), 'every name must be one line')
  .default([])

const args = z
  .strictObject({
    src: text.describe(
      'An archive of the controller: tar, plain or gzipped (others need `creates`). Of the host: tar, plain or packed by gzip, ' +
        'xz, bzip2 or zstd, or zip; or a URL that the host fetches (needs `creates`).',
    ),
    dest: path.describe('A folder of the host that is there.'),
    remote_src: bool.default(false).describe('`src` is a file of the host, or a URL.'),
    creates: guardArgs.creates,
    list_files: bool.default(false).describe('The result has `files`.'),
    include: names.describe('Only these files and folders of the archive; they may be globs.'),
    exclude: names.describe('Not these; a glob such as `*.md` is meant in every folder.'),
    extra_opts: names.describe(
      'For tar: `--strip-components=N`, and what says whether owners, modes and times are kept.',
    ),
    owner: owner.optional(),
    group: owner.optional(),
    mode: mode.optional().describe('Of everything that is unpacked.'),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    if (value.remote_src && !/^(\/|~\/)/.test(value.src) && !isUrl(value.src))
      issue('with remote_src it must be an absolute path or a URL', 'src')
    if (!value.remote_src && isUrl(value.src))
      issue('is needed where src is a URL: the host fetches it', 'remote_src')
    if (!isSeen(value) && value.creates === undefined)
      issue(
        isUrl(value.src)
          ? 'is needed: what stands at a URL is not known before; or get_url it, with its checksum'
          : 'is needed: such an archive is only looked at on the host; copy it there and use remote_src',
        'creates',
      )
    if (value.include.length > 0 && value.exclude.length > 0)
      issue('include and exclude exclude one another', 'exclude')
    for (const option of value.extra_opts)
      if (!isKnownOption(option))
        issue(
          `${option} is none of the options that may be given; what is left out is said by exclude`,
          'extra_opts',
        )
  })

const isTar = (src: string) => /\.(tar|tar\.gz|tgz)$/i.test(src)

/** Whether what is in it can be told before it is unpacked. */
const isSeen = ({ src, remote_src }: { src: string; remote_src: boolean }) =>
  remote_src ? !isUrl(src) : isTar(src)

type Args = z.output<typeof args> & {
  /** Added by `prepare` for an archive of the controller. */
  readonly local?: { readonly sha256: string; stream(): Readable; readonly manifest: Manifest | undefined }
}

const selectionOf = ({ include, exclude, extra_opts }: Args): Selection => ({
  include,
  exclude,
  strip: readOptions(extra_opts).strip,
})

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
      'anything is sent. It is unpacked beside its place and moved there when all of it has come. Names that lead out of the ' +
      'folder are refused, and so are files behind the archive’s own links.',
    examples: [
      '- name: The CNI plugins\n  unarchive: { src: cni-plugins.tgz, dest: /opt/cni/bin }',
      '- name: What was fetched\n  unarchive: { src: /tmp/a.zip, dest: /opt, remote_src: true, creates: /opt/a }',
      '- name: The programs alone, without the folder around them\n  unarchive:\n    src: helm-v3.tar.gz\n    dest: /usr/local/bin\n    include: [linux-amd64/helm]\n    extra_opts: [--strip-components=1]',
    ],
  },
  args: args as z.ZodType<Args>,
  prepare: (args, controller) => prepare(args, controller),
  probe: (host, args: Args) => probe(host, args),
  diff(args, state): Change<Manifest | undefined> | undefined {
    if (state.skip !== undefined) return undefined
    const changed = [...(state.different ?? [])]
    if (state.manifest && changed.length === 0 && !state.missing?.length) return undefined
    const names = state.manifest?.entries.map((entry) => entry.path) ?? []
    return {
      summary: [`unpack ${args.src} into ${args.dest}`],
      differences: [{ subject: args.dest, before: '', after: changed.map((one) => `${one}\n`).join('') }],
      requires: state.missing ?? [],
      provides: [...names.map((name) => `file:${args.dest.replace(/\/$/, '')}/${name}`), '*'],
      data: state.manifest,
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
  const manifest = isTar(args.src)
    ? await readTar(controller.stream(found), (path) => isMeant(path, selectionOf(args)))
    : undefined
  return { ...args, local: { sha256, stream: () => controller.stream(found), manifest } }
}

async function probe(host: ProbeHost, args: Args): Promise<State> {
  const guard = await probeGuards(host, { creates: args.creates })
  if (guard.skip !== undefined) return { skip: guard.skip }
  if (!isSeen(args)) return {}
  const all = args.local?.manifest ?? (await listed(host, args.src))
  if (!all) return { missing: [`file:${args.src}`] }
  checkNames(all)
  return compare(host, args, selectEntries(all, selectionOf(args)))
}

async function compare(host: ProbeHost, args: Args, manifest: Manifest): Promise<State> {
  const { entries } = manifest
  const meant = entries.filter(({ kind }) => kind === 'file')
  const lines = (list: readonly Entry[]) => list.map((entry) => entry.path).join('\n')
  const values = {
    dest: args.dest,
    names: lines(entries),
    files: lines(meant),
    src: args.local ? '' : args.src,
    raws: rawWords(args, meant),
  }
  const said = outputText((await host.query(probeEntries(values))).stdout).split('\n')
  if (said[0] === 'absent') return { manifest, missing: [`file:${args.dest}`] }
  const different = entries.flatMap((entry, at) =>
    isSame(entry, said[at + 1] ?? '', args) ? [] : [entry.path],
  )
  const sum = (at: number) => said[entries.length + at]?.slice(0, 64)
  const sameContent = meant.length === 0 || sum(1) === (args.local ? manifest.sha256 : sum(2))
  return { manifest, different: different.length > 0 || sameContent ? different : ['other content'] }
}

/** The names of the files that count, where not all do. unzip takes them for globs. */
function rawWords({ src, include, exclude, extra_opts }: Args, meant: readonly Entry[]): string {
  if (include.length === 0 && exclude.length === 0 && extra_opts.length === 0) return ''
  const raws = meant.map(({ raw }) => raw)
  return joinWords(/\.zip$/i.test(src) ? raws.map((raw) => raw.replace(/[[\]*?\\]/g, '\\$&')) : raws)
}

async function listed(host: ProbeHost, src: string): Promise<Manifest | undefined> {
  const printed = outputText((await host.query(listArchive({ src }))).stdout)
  const [packer, ...lines] = printed.split('\n')
  if (packer === 'absent') return undefined
  return { entries: packer === 'zip' ? readZipListing(lines) : readListing(lines), sha256: '' }
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

async function unpack(host: ApplyHost, args: Args, known: Manifest | undefined): Promise<void> {
  const { local, dest, owner = '', group = '', mode = '' } = args
  const base = dest === '/' ? '/' : dest.replace(/\/$/, '')
  const src = local
    ? await uploadInto(host, base, local.stream())
    : isUrl(args.src)
      ? await download(host, args.src, base)
      : args.src
  const manifest = known ?? (await lookAt(host, args, src))
  const values = {
    ...{ src, dest, owner, group, mode },
    sha: local?.sha256 ?? '',
    temp: src === args.src ? 'no' : 'yes',
    names: manifest.entries.flatMap(({ raw, path }) => [plainPath(raw), path]).join('\n'),
    whole: args.include.length === 0 && args.exclude.length === 0 ? 'yes' : 'no',
    options: joinWords(readOptions(args.extra_opts).passed),
  }
  await mustRun(host, extract(values), `unpack ${args.src} into ${dest}`)
}

/** What could not be looked at before it was on the host. */
async function lookAt(host: ApplyHost, args: Args, src: string): Promise<Manifest> {
  try {
    const all = await listed(host, src)
    if (!all) throw new ModuleFailure(`${args.src} did not arrive`)
    checkNames(all)
    return selectEntries(all, selectionOf(args))
  } catch (error) {
    await removeUpload(host, src)
    throw error
  }
}

async function download(host: ApplyHost, url: string, folder: string): Promise<string> {
  const path = `${folder === '/' ? '' : folder}/.tsplay.${randomBytes(9).toString('hex')}`
  const { file } = await probeFile(host, { path })
  await writeFile(host, {
    path,
    content: { url, sha256: '', timeout: 10, headers: {} },
    attributes: onlyMode('0600'),
    before: file,
    backup: false,
    validate: '',
  })
  return path
}
