import { z } from 'zod'
import { onlyMode } from './files/attributes.js'
import { contentOf } from './files/content.js'
import { linesOfAnswer } from './files/edit.js'
import { type FileAnswer, probeFile } from './files/probe.js'
import { applyTextFile, planTextFile, type TextFileWork } from './files/text-file.js'
import { writeFile } from './files/write.js'
import { type ApplyHost, type Change, defineModule, ModuleFailure } from './module.js'
import { applyPackages } from './packages/apply.js'
import { readSource, sameSource, sourceFileName, withoutSource, withSource } from './packages/apt-sources.js'
import { plainOrder } from './packages/order.js'
import { bool, mode, name } from './schema.js'
import { shellScript } from './script.js'

const args = z.strictObject({
  repo: name
    .refine(
      (v) => readSource(v) !== undefined,
      'must be a line of sources.list: deb [options] URL suite components',
    )
    .describe('The line, as in sources.list(5). A PPA is written out.'),
  filename: name
    .refine((v) => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(v), 'must be letters, digits, _, . and -')
    .optional()
    .describe('Of the file in sources.list.d, without `.list`; without it, made of the address.'),
  state: z.enum(['present', 'absent']).default('present'),
  update_cache: bool.default(true).describe('Fetch the package lists where something changed.'),
  mode: mode.default('0644').describe('Of a new file.'),
})

type Args = z.output<typeof args>

const probeScript = shellScript(
  'probe-apt-sources',
  'probe',
  ['root'],
  `if [ -d "$root/sources.list.d" ]; then ls "$root/sources.list.d" >/dev/null || exit 1; fi
for file in "$root/sources.list" "$root"/sources.list.d/*.list; do
  [ -e "$file" ] || continue
  printf '=== %s\\n' "$file"
  sed 's/^/|/' "$file" || exit 1
  echo
done`,
)

const root = '/etc/apt'

/** A repository of apt, as a line. */
export const aptRepository = defineModule({
  name: 'apt_repository',
  doc: {
    summary: 'Add or remove a repository of apt, as a line of sources.list',
    description:
      'The line is looked for in every file; spaces and the order of options make no difference. Where the lists of a new ' +
      'repository cannot be fetched, the file is as it was again. `deb822_repository` is the newer form, with its key.',
    examples: [
      '- name: Backports\n  apt_repository: { repo: deb http://deb.debian.org/debian bookworm-backports main, filename: backports }',
    ],
  },
  args,
  aliases: { 'update-cache': 'update_cache' },
  // Where the line is, one round trip; else another, for the file that is to be changed.
  async probe(host, args: Args): Promise<FileAnswer | undefined> {
    const { stdout } = await host.query(probeScript({ root }))
    const files = stdout.toString('utf8').split(/^=== /m).slice(1)
    const lists = files.map((text) => {
      const [path = '', ...lines] = text.split('\n')
      return { path, lines: lines.filter((line) => line.startsWith('|')).map((line) => line.slice(1)) }
    })
    const has = lists.find(({ lines }) => lines.some((line) => sameSource(line, args.repo)))
    if ((has !== undefined) === (args.state === 'present')) return undefined
    const off = lists.find(({ lines }) => withSource(lines, args.repo).length === lines.length)
    const own = `${root}/sources.list.d/${args.filename ?? sourceFileName(args.repo)}.list`
    const path = (args.state === 'absent' ? has : off)?.path ?? own
    return probeFile(host, { path, follow: true, contentLimit: 1024 * 1024 })
  },
  diff(args, answer): Change<{ work: TextFileWork; answer: FileAnswer }> | undefined {
    if (!answer) return undefined
    const { lines } = linesOfAnswer(answer)
    const after = args.state === 'present' ? withSource(lines, args.repo) : withoutSource(lines, args.repo)
    const empty = after.every((line) => line.trim() === '') && answer.path !== `${root}/sources.list`
    const attributes = answer.file.kind === 'absent' ? { mode: args.mode } : {}
    const body = empty ? undefined : after.map((line) => `${line}\n`).join('')
    const change = planTextFile(attributes, answer, body)
    if (!change) return undefined
    const update = args.update_cache ? ['update the package lists'] : []
    return { ...change, summary: [...change.summary, ...update], data: { work: change.data, answer } }
  },
  async apply(host, args, { data: { work, answer } }) {
    await applyTextFile(host, work)
    if (!args.update_cache) return {}
    const order = { ...plainOrder, use: 'apt', names: [], state: 'present' } as const
    try {
      await applyPackages(host, order, { manager: 'apt', names: [], update: true, pending: false })
    } catch (error) {
      await putBack(host, answer)
      throw error instanceof ModuleFailure
        ? new ModuleFailure(`${error.message}\n${answer.path} is as it was again`, error.fields)
        : error
    }
    return {}
  },
  result: (args) => ({ repo: args.repo, state: args.state }),
})

/** Whole or not at all, as it was written. */
async function putBack(host: ApplyHost, { path, file, content }: FileAnswer): Promise<void> {
  if (file.kind === 'absent') return applyTextFile(host, { remove: path })
  await writeFile(host, {
    path,
    content: contentOf(content ?? Buffer.alloc(0)),
    attributes: onlyMode(file.mode),
    before: file,
    backup: false,
    validate: '',
    follow: true,
  })
}
