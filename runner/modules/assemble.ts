import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { applyFile } from './files/apply.js'
import { attributesOf, onlyMode } from './files/attributes.js'
import { contentOf } from './files/content.js'
import { checkRegExp } from './files/edit.js'
import { expandHome, findPath } from './files/fragments.js'
import { asksPolicy } from './files/label.js'
import { type FileWork, planFile } from './files/plan.js'
import { type FileAnswer, probeFile, shownBytes } from './files/probe.js'
import { fileFields } from './files/result.js'
import { Reader } from './files/state.js'
import { validateArg, validatorOf } from './files/validate.js'
import { type Change, type Controller, defineModule, ModuleFailure, type ProbeHost } from './module.js'
import { attributes, bool, path, text } from './schema.js'
import { shellScript } from './script.js'

const args = z
  .strictObject({
    src: text.describe('A folder of pieces, on the host unless `remote_src: false`.'),
    dest: path.describe('The file they make together.'),
    delimiter: text.optional().describe('Stands between two pieces; `\\n` in it is a line’s end.'),
    regexp: text.optional().describe('A JavaScript regular expression: only pieces whose name it matches.'),
    ignore_hidden: bool.default(false).describe('Not those whose name begins with a dot.'),
    remote_src: bool.default(true).describe('false: a folder of the controller.'),
    backup: bool.default(false).describe('Keep the old file beside it, with a time in its name.'),
    validate: validateArg,
    ...attributes,
  })
  .superRefine((value, context) => {
    checkRegExp(value.regexp, 'regexp', context)
    if (value.remote_src && !/^(\/|~\/)/.test(value.src))
      context.addIssue({ code: 'custom', message: 'must be an absolute path of the host', path: ['src'] })
  })

interface Piece {
  readonly name: string
  readonly content: Buffer
}

type Args = z.output<typeof args> & {
  /** Added by `prepare` for a folder of the controller. */
  readonly pieces?: readonly Piece[]
}

interface State {
  readonly answer: FileAnswer
  /** undefined: the folder is not there. */
  readonly pieces: readonly Piece[] | undefined
}

/** The pieces come with the probe: together at most this many bytes. */
const limit = 1024 * 1024

const script = shellScript(
  'probe-pieces',
  'probe',
  ['src', 'limit'],
  `${expandHome}${findPath}
fs_expand "$src"
fs_find "$fs_path" || { echo absent; exit 0; }
[ -d "$fs_path" ] || { printf '%s\\n' "not a folder: $fs_path" >&2; exit 1; }
CDPATH='' cd -- "$fs_path" || exit 1
ls -A . >/dev/null || exit 1
echo there
total=0
for piece in * .[!.]* ..?*; do
  [ -f "$piece" ] || continue
  case $piece in *'
'*) continue ;; esac
  size=$(stat -L -c %s -- "$piece") || exit 1
  total=$((total + size))
  [ "$total" -le "$limit" ] || { printf '%s\\n' "the pieces are more than $limit bytes" >&2; exit 1; }
  printf '%s\\n%s\\n' "$size" "$piece"
  cat -- "./$piece" || exit 1
done`,
)

/** Makes a file of pieces. */
export const assemble = defineModule({
  name: 'assemble',
  doc: {
    summary: 'Make one file of the pieces in a folder, in the order of their names',
    description: 'A piece that does not end its last line is followed by a newline where another comes.',
    examples: ['- name: Authorized keys\n  assemble: { src: /etc/keys.d, dest: /etc/keys, mode: "0644" }'],
  },
  args: args as z.ZodType<Args>,
  readsAhead: true,
  prepare: (args, controller) => prepare(args, controller),
  async probe(host, args: Args): Promise<State> {
    const [answer, pieces] = await Promise.all([
      probeFile(host, { path: args.dest, contentLimit: shownBytes, policy: asksPolicy(args) }),
      args.pieces ?? probePieces(host, args.src),
    ])
    return { answer, pieces }
  },
  diff(args, { answer, pieces }): Change<FileWork> | undefined {
    const { backup } = args
    const content = contentOf(together(args, pieces ?? []))
    const validate = validatorOf(args.validate)
    const change = planFile({ attributes: attributesOf(args), content, backup, validate }, answer)
    if (pieces) return change
    const missing = [`file:${args.src}`]
    return change
      ? { ...change, requires: [...(change.requires ?? []), ...missing] }
      : {
          summary: [`assemble ${answer.path}`],
          requires: missing,
          data: {
            kind: 'attributes',
            path: answer.path,
            set: onlyMode(''),
            follow: false,
          },
        }
  },
  apply(host, args, { data, requires }) {
    if (requires?.includes(`file:${args.src}`)) throw new ModuleFailure(`${args.src} does not exist`)
    return applyFile(host, data)
  },
  result: (args, { answer }) => ({ src: args.src, ...fileFields(answer.path, answer.file) }),
})

async function prepare(args: Args, controller: Controller): Promise<Args> {
  if (args.remote_src) return args
  const folder = controller.find('files', args.src)
  const names = await readdir(folder).catch(() => {
    throw new ModuleFailure(`${folder} is not a folder`)
  })
  const pieces: Piece[] = []
  for (const name of names)
    if ((await stat(join(folder, name))).isFile())
      pieces.push({ name, content: await readFile(join(folder, name)) })
  return { ...args, pieces }
}

async function probePieces(host: ProbeHost, src: string): Promise<Piece[] | undefined> {
  const reader = new Reader((await host.query(script({ src, limit: `${limit}` }))).stdout)
  if (reader.must('state of the folder') === 'absent') return undefined
  const pieces: Piece[] = []
  for (let size = reader.line(); size !== undefined; size = reader.line()) {
    const name = reader.must('name of a piece')
    pieces.push({ name, content: reader.take(Number(size)) })
  }
  return pieces
}

function together({ regexp, ignore_hidden, delimiter }: Args, all: readonly Piece[]): Buffer {
  const pattern = regexp === undefined ? undefined : new RegExp(regexp)
  const pieces = all
    .filter(({ name }) => (!pattern || pattern.test(name)) && !(ignore_hidden && name.startsWith('.')))
    .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
  const between = delimiter?.replaceAll('\\n', '\n') ?? ''
  const parts: Buffer[] = []
  for (const { content } of pieces) {
    const last = parts.at(-1)
    if (last !== undefined) {
      if (last.length > 0 && last.at(-1) !== 10) parts.push(Buffer.from('\n'))
      if (between !== '') parts.push(Buffer.from(between.endsWith('\n') ? between : `${between}\n`))
    }
    parts.push(content)
  }
  return Buffer.concat(parts)
}
