import { z } from 'zod'
import { type Algorithm, probeChecksum, sumLengths } from './files/checksum.js'
import { probeFile } from './files/probe.js'
import type { FileState } from './files/state.js'
import { defineModule } from './module.js'
import { bool, path } from './schema.js'

const args = z.strictObject({
  path: path.describe('What to look at.'),
  follow: bool.default(false).describe('A symbolic link stands for what it leads to.'),
  get_checksum: bool.default(false).describe('With the checksum of a regular file.'),
  checksum_algorithm: z
    .enum(Object.keys(sumLengths) as Algorithm[])
    .default('sha256')
    .describe('The host has its program: `md5sum`, …'),
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
      'A path that may not be looked at is a failure, never `exists: false`. Unlike Ansible, the checksum is SHA-256 ' +
      'unless said, and only computed when asked for.',
    examples: [
      '- name: Is k3s there?\n  stat: { path: /usr/local/bin/k3s, get_checksum: true }\n  register: binary',
    ],
  },
  args,
  aliases: {
    dest: 'path',
    name: 'path',
    checksum: 'checksum_algorithm',
    checksum_algo: 'checksum_algorithm',
    mime: 'get_mime',
    mime_type: 'get_mime',
    'mime-type': 'get_mime',
    attr: 'get_attributes',
    attributes: 'get_attributes',
  },
  readsAhead: true,
  async probe(host, args: Args) {
    const { path, follow, get_checksum, checksum_algorithm: algorithm } = args
    const usual = algorithm === 'sha256'
    const [answer, other] = await Promise.all([
      probeFile(host, { path, follow, hash: get_checksum && usual }),
      get_checksum && !usual ? probeChecksum(host, { path, follow }, algorithm) : '',
    ])
    return { ...answer, checksum: other || undefined }
  },
  diff: () => undefined,
  apply: async () => ({}),
  result: (_args, { path, file, checksum }) => ({ stat: fieldsOf(path, file, checksum) }),
})

function fieldsOf(path: string, file: FileState, other: string | undefined) {
  if (file.kind === 'absent') return { exists: false }
  const bits = Number.parseInt(file.mode, 8)
  const { mode, size, uid, gid, mtime, atime, ctime, nlink, inode, sha256, target, kind } = file
  const checksum = other ?? sha256
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
    ...(checksum === undefined ? {} : { checksum }),
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
