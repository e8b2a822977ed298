import { z } from 'zod'
import { expandHome, findPath } from './files/fragments.js'
import { matchesGlob } from './files/glob.js'
import { type FileState, Reader } from './files/state.js'
import { defineModule, ModuleFailure } from './module.js'
import { bool, int, path, text, textList } from './schema.js'
import { shellScript } from './script.js'
import { joinWords } from './words.js'

const args = z
  .strictObject({
    paths: z
      .union([z.array(path).min(1), path.transform((v) => [v])])
      .optional()
      .describe('Folders to look in.'),
    path: path.optional().describe('One folder to look in.'),
    patterns: textList
      .default(['*'])
      .describe('Globs, or regular expressions, of which the name must match one.'),
    excludes: textList
      .default([])
      .describe('Globs, or regular expressions, of which the name must match none.'),
    use_regex: bool.default(false).describe('The patterns are JavaScript regular expressions.'),
    file_type: z.enum(['file', 'directory', 'link', 'any']).default('file'),
    recurse: bool.default(false).describe('Look in the folders below too.'),
    depth: int.optional().describe('With `recurse`: this many levels.'),
    hidden: bool.default(false).describe('Names that begin with a dot too.'),
    contains: text
      .optional()
      .describe('An extended regular expression (grep -E) that the beginning of a line of a file matches.'),
    age: text
      .refine((v) => /^-?\d+[smhdw]?$/.test(v), 'must be a number with s, m, h, d or w')
      .optional()
      .describe('Not younger than this; negative: not older.'),
    age_stamp: z.enum(['mtime', 'atime', 'ctime']).default('mtime').describe('Which time `age` looks at.'),
    size: text
      .refine((v) => /^-?\d+[bkmgt]?$/.test(v), 'must be a number with b, k, m, g or t')
      .optional()
      .describe('At least this many bytes; negative: at most.'),
  })
  .refine((v) => (v.paths === undefined) !== (v.path === undefined), 'give paths')

type Args = z.output<typeof args>

const notThere = 'not there: '

// A name cannot hold two slashes in a row, so a line of them ends an entry, whatever line breaks the name has.
const script = shellScript(
  'find',
  'probe',
  ['paths', 'depth', 'contains'],
  `${expandHome}${findPath}
date +%s
eval "set -- $paths"
at=-1
for path; do
  at=$((at + 1))
  fs_expand "$path"
  path=$fs_path
  [ "$path" = / ] || path=\${path%/}
  fs_find "$path" || { printf '%s\\n' "${notThere}$at" >&2; continue; }
  set -- "$path/" -mindepth 1 -maxdepth "$depth"
  if [ -n "$contains" ]; then set -- "$@" -type f -exec grep -Eq -e "^($contains)" {} \\;; fi
  find "$@" -exec stat -c '%f %u %g %s %Y %X %Z
%U
%G
%n
//' -- {} + || exit 1
done`,
)

export interface Found
  extends Pick<FileState, 'mode' | 'uid' | 'gid' | 'owner' | 'group' | 'size' | 'mtime' | 'atime' | 'ctime'> {
  readonly path: string
  readonly type: 'file' | 'directory' | 'link' | 'other'
}

/** Finds files of a host. */
export const find = defineModule({
  name: 'find',
  doc: {
    summary: 'Find files on the host by name, kind, age and size',
    examples: [
      '- name: Old images\n  find: { paths: /var/lib/images, patterns: "*.tar", age: 30d }\n  register: old',
    ],
  },
  args,
  aliases: { name: 'paths', pattern: 'patterns', exclude: 'excludes' },
  async probe(host, args: Args) {
    const places = args.paths ?? [args.path!]
    const paths = joinWords(places)
    const depth = args.recurse ? `${args.depth ?? 100}` : '1'
    const { stdout, stderr } = await host.query(script({ paths, depth, contains: args.contains ?? '' }))
    const said = stderr.toString().trim().split('\n')
    const wrong = said.filter((line) => line !== '' && !line.startsWith(notThere))
    if (wrong.length > 0) throw new ModuleFailure(`could not look at every file: ${wrong.join('; ')}`)
    const reader = new Reader(stdout)
    const now = Number(reader.must('time'))
    const all: Found[] = []
    for (let line = reader.line(); line !== undefined; line = reader.line()) all.push(readFound(line, reader))
    return {
      now,
      all,
      skipped: said.filter((line) => line !== '').map((line) => places[Number(line.slice(notThere.length))]!),
    }
  },
  diff: () => undefined,
  apply: async () => ({}),
  result(args, { now, all, skipped }) {
    const files = all.filter((found) => isWanted(args, found, now)).map(fieldsOf)
    const skipped_paths = Object.fromEntries(skipped.map((path) => [path, 'not a directory']))
    return { files, matched: files.length, examined: all.length, skipped_paths }
  },
})

const types: Readonly<Record<number, Found['type']>> = { 4: 'directory', 8: 'file', 10: 'link' }

function readFound(head: string, reader: Reader): Found {
  const [raw = '', uid, gid, size, mtime, atime, ctime] = head.split(' ')
  const bits = Number.parseInt(raw, 16)
  const [owner, group] = [reader.must('owner'), reader.must('group')]
  let path = reader.must('name')
  for (let more = reader.must('end of an entry'); more !== '//'; more = reader.must('end of an entry'))
    path += `\n${more}`
  return {
    path: path.replace('//', '/'),
    type: types[bits >> 12] ?? 'other',
    mode: (bits & 0o7777).toString(8).padStart(4, '0'),
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    mtime: Number(mtime),
    atime: Number(atime),
    ctime: Number(ctime),
    owner,
    group,
  }
}

function isWanted(args: Args, found: Found, now: number): boolean {
  if (args.file_type !== 'any' && found.type !== args.file_type) return false
  const base = found.path.slice(found.path.lastIndexOf('/') + 1)
  if (!args.hidden && base.startsWith('.')) return false
  const matches = (pattern: string) =>
    args.use_regex ? new RegExp(pattern).test(base) : matchesGlob(pattern, base)
  if (!args.patterns.some(matches) || args.excludes.some(matches)) return false
  return passes(args.age, now - found[args.age_stamp], ageUnits) && passes(args.size, found.size, sizeUnits)
}

const ageUnits = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }
const sizeUnits = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

function passes(limit: string | undefined, value: number, units: Readonly<Record<string, number>>): boolean {
  if (limit === undefined) return true
  const [, sign, digits, unit] = /^(-?)(\d+)([a-z]?)$/.exec(limit)!
  const bound = Number(digits) * (units[unit!] ?? 1)
  return sign === '-' ? value <= bound : value >= bound
}

function fieldsOf({ path, type, owner, group, ...rest }: Found) {
  const kind = { isreg: type === 'file', isdir: type === 'directory', islnk: type === 'link' }
  return { path, ...rest, ...kind, pw_name: owner, gr_name: group }
}
