import { z } from 'zod'
import { probeFile } from './files/probe.js'
import type { FileState } from './files/state.js'
import { defineModule } from './module.js'
import { bool, path } from './schema.js'

const args = z.strictObject({
  path: path.describe('What to look at.'),
  follow: bool.default(false).describe('A symbolic link stands for what it leads to.'),
  get_checksum: bool.default(false).describe('With the SHA-256 of a regular file.'),
  checksum_algorithm: z.literal('sha256').default('sha256'),
  get_mime: bool.default(false).refine((v) => !v, 'is not supported'),
  get_attributes: bool.default(false).refine((v) => !v, 'is not supported'),
})

type Args = z.output<typeof args>

/** Tells what stands at a path. */
export const stat = defineModule({
  name: 'stat',
  doc: {
    summary: 'Tell what stands at a path of the host',
    description:
      'A path that may not be looked at is a failure, never `exists: false`. Unlike Ansible, the checksum is SHA-256 and ' +
      'only computed when asked for.',
    examples: [
      '- name: Is k3s there?\n  stat: { path: /usr/local/bin/k3s, get_checksum: true }\n  register: binary',
    ],
  },
  args,
  aliases: { dest: 'path', name: 'path' },
  async probe(host, args: Args) {
    return probeFile(host, { path: args.path, follow: args.follow, hash: args.get_checksum })
  },
  diff: () => undefined,
  apply: async () => ({}),
  result: (_args, state) => ({ stat: fieldsOf(state.path, state.file) }),
})

function fieldsOf(path: string, file: FileState) {
  if (file.kind === 'absent') return { exists: false }
  const bits = Number.parseInt(file.mode, 8)
  const { mode, size, uid, gid, mtime, atime, ctime, nlink, inode, sha256, target, kind } = file
  return {
    exists: true,
    path,
    mode,
    isreg: kind === 'file',
    isdir: kind === 'directory',
    islnk: kind === 'link',
    isfifo: kind === 'fifo',
    issock: kind === 'socket',
    isblk: kind === 'block',
    ischr: kind === 'char',
    size,
    uid,
    gid,
    pw_name: file.owner,
    gr_name: file.group,
    mtime,
    atime,
    ctime,
    nlink,
    inode,
    dev: file.device,
    ...permissions(bits),
    isuid: (bits & 0o4000) !== 0,
    isgid: (bits & 0o2000) !== 0,
    executable: (bits & 0o111) !== 0,
    ...(sha256 === undefined ? {} : { checksum: sha256 }),
    ...(target === undefined ? {} : { lnk_target: target, lnk_source: target }),
  }
}

/** `rusr`, `wusr`, … `xoth`. */
function permissions(bits: number): Readonly<Record<string, boolean>> {
  const who = ['usr', 'grp', 'oth'].map((name, at) => [name, 6 - 3 * at] as const)
  const what = [...'rwx'].map((name, at) => [name, 4 >> at] as const)
  return Object.fromEntries(
    who.flatMap(([whose, shift]) =>
      what.map(([can, bit]) => [`${can}${whose}`, ((bits >> shift) & bit) !== 0]),
    ),
  )
}
