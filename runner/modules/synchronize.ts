import { z } from 'zod'
import { removeUpload, uploadInto } from './files/upload.js'
import { type ApplyHost, type Change, defineModule, type ResultFields } from './module.js'
import { mustRun } from './outcome.js'
import { bool, localPath, path, textList } from './schema.js'
import { excludesOf } from './sync/exclude.js'
import { askSync, planSync, type SyncState, type SyncWork } from './sync/plan.js'
import { applySync, makeRoot } from './sync/scripts.js'
import { readSource, type SyncSource } from './sync/source.js'
import { tarOf } from './sync/tar.js'

const args = z.strictObject({
  src: localPath.describe(
    'A folder of the controller. With a slash at its end what is in it, without one the folder itself.',
  ),
  dest: path.describe('The folder of the host that it goes into; it is made where it is missing.'),
  mode: z
    .enum(['push', 'pull'])
    .refine((v) => v === 'push', 'pull is not done: find lists the files of the host, and fetch takes each')
    .default('push')
    .describe('To the host; `pull` is refused: `find` lists files of the host, and `fetch` takes each.'),
  delete: bool.default(false).describe('Remove what is on the host and not in `src`.'),
  checksum: bool
    .default(true)
    .describe('Compare content. With false, size and time: no file of the host is read.'),
  perms: bool.default(true).describe('Modes are those of the controller’s files.'),
  copy_links: bool.default(false).describe('Send what links lead to, not the links.'),
  rsync_opts: textList
    .refine((list) => excludesOf(list) !== undefined, 'may only be --exclude=PATTERN')
    .default([])
    .describe('`--exclude=PATTERN`, with rsync’s patterns: neither sent nor removed.'),
})

type Args = z.output<typeof args> & {
  /** Added by `prepare`. */
  readonly source?: SyncSource
}

const optionsOf = (args: Args) => ({ ...args, exclude: excludesOf(args.rsync_opts)! })

/** Sends folders. */
export const synchronize = defineModule({
  name: 'synchronize',
  doc: {
    summary: 'Make a folder of the host like one of the controller, sending only what differs',
    description:
      'The host needs no rsync, but tar. Content is compared by SHA-256 in one round trip for the whole folder; what differs ' +
      'travels as one stream, is unpacked beside its place and moved there file by file, with its mode and time, when all of it ' +
      'has come. Files belong to the user that the task runs as. `copy` is for few files that need an owner, a backup or a validation.',
    examples: [
      '- name: The manifests, and none that went\n  synchronize:\n    src: manifests/\n    dest: /opt/manifests\n' +
        '    delete: true\n    rsync_opts: ["--exclude=*.swp"]',
    ],
  },
  args: args as z.ZodType<Args>,
  async prepare(args: Args, controller) {
    return { ...args, source: await readSource(controller, args.src, optionsOf(args)) }
  },
  probe: (host, args: Args): Promise<SyncState> => askSync(host, args.source!, optionsOf(args)),
  diff: (args, state): Change<SyncWork> | undefined => planSync(args.source!, state, optionsOf(args)),
  apply: (host, args, { data }) => bring(host, args, data),
  result: (args, { root }) => ({ src: args.src, dest: root, sent: 0, removed: [] }),
})

/** One round trip more where the destination is missing, and one for the stream where files are to be sent. */
async function bring(host: ApplyHost, args: Args, work: SyncWork): Promise<ResultFields> {
  const { root, files } = work
  const doing = `bring ${args.src} to ${root}`
  if (!work.exists) await mustRun(host, makeRoot({ root }), doing)
  const tar = tarOf(files)
  const temp = files.length === 0 ? '' : await uploadInto(host, root, tar.stream)
  const lines = (list: readonly string[]) => list.join('\n')
  const values = {
    root,
    temp,
    sha: temp === '' ? '' : tar.sha256(),
    clear: lines(work.clear),
    folders: lines(work.folders),
    files: lines(files.map(({ path }) => path)),
    links: lines(work.links.flatMap(({ path, target }) => [path, target])),
    modes: lines(work.modes),
    remove: lines(work.remove),
  }
  try {
    await mustRun(host, applySync(values), doing)
  } catch (error) {
    if (temp !== '') await removeUpload(host, temp)
    throw error
  }
  return { sent: files.length, removed: work.remove }
}
