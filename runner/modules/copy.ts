import { stat as statLocal } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { Secret } from '../secrets/secret.js'
import { applyFile } from './files/apply.js'
import { attributesOf, onlyMode } from './files/attributes.js'
import { type Content, contentOf, contentOfFile, largeBytes } from './files/content.js'
import { jsonText } from './files/json.js'
import { asksPolicy } from './files/label.js'
import { type FileWork, planFile } from './files/plan.js'
import { type FileAnswer, probeFile, shownBytes } from './files/probe.js'
import { probeRemote } from './files/remote-tree.js'
import { fileFields } from './files/result.js'
import {
  applyTree,
  planTree,
  probeTree,
  readTree,
  type TreeState,
  type TreeWork,
  type WantedTree,
} from './files/tree.js'
import { validateArg, validatorOf } from './files/validate.js'
import { type Change, type Controller, defineModule, ModuleFailure } from './module.js'
import { attributes, bool, mode, modeOrPreserve, path, reveal } from './schema.js'

const args = z
  .strictObject({
    src: z
      .string()
      .min(1)
      .optional()
      .describe('A file or folder of the controller; of the host with `remote_src`.'),
    content: z
      .union([
        z.string(),
        z.instanceof(Secret),
        z.number(),
        z.record(z.string(), z.unknown()),
        z.array(z.unknown()),
      ])
      .optional()
      .describe('What the file holds. An object or a list is written as JSON.'),
    dest: path.describe(
      'Where it goes. A folder, or a name that ends in a slash: the file keeps its name in it.',
    ),
    ...attributes,
    mode: modeOrPreserve.optional().describe('Octal, symbolic, or `preserve`: the mode of the source.'),
    directory_mode: mode.optional().describe('Mode of the folders that a recursive copy makes.'),
    backup: bool.default(false).describe('Keep the old file beside it, with a time in its name.'),
    force: bool.default(true).describe('With false: only write where nothing is yet.'),
    follow: bool.default(false).describe('Where the destination is a link, write what it leads to.'),
    remote_src: bool.default(false).describe('`src` is a file or folder of the host.'),
    validate: validateArg,
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    if ((value.src === undefined) === (value.content === undefined))
      context.addIssue({ code: 'custom', message: 'give src or content: one of the two' })
    if (value.src?.includes('\0')) issue('a NUL byte cannot be in a path', 'src')
    if (value.remote_src && value.src !== undefined && !/^(\/|~\/)/.test(value.src))
      issue('with remote_src it must be an absolute path', 'src')
    if (value.mode === 'preserve' && value.src === undefined) issue('preserve needs src', 'mode')
    if (value.content !== undefined && value.dest.endsWith('/'))
      issue('content needs the name of a file', 'dest')
  })

type Args = z.output<typeof args> & {
  /** Added by `prepare`. */
  readonly wanted?: Content
  readonly tree?: WantedTree
}

type State =
  | { readonly kind: 'file'; readonly answer: FileAnswer }
  | { readonly kind: 'tree'; readonly wanted: WantedTree; readonly tree: TreeState }
type Work = FileWork | { readonly kind: 'tree'; readonly work: TreeWork }

/** Copies files to a host. */
export const copy = defineModule({
  name: 'copy',
  doc: {
    summary: 'Copy a file, a folder or text to the host',
    description:
      'The file is written beside its destination, verified by SHA-256, given its owner and mode, validated, and only ' +
      'then renamed. A file that is already right costs one round trip and no transfer; so does a folder with all its files, ' +
      'of which only those that differ are sent (what is more on the host stays).',
    examples: [
      '- name: Configure k3s\n  copy:\n    content:\n      write-kubeconfig-mode: "0600"\n    dest: /etc/rancher/k3s/config.json\n    mode: "0600"',
      '- name: Bring the binary\n  copy: { src: k3s, dest: /usr/local/bin/k3s, mode: "0755" }',
    ],
  },
  args: args as z.ZodType<Args>,
  readsAhead: true,
  prepare: (args, controller) => prepareCopy(args, controller),
  async probe(host, args: Args): Promise<State> {
    if (args.tree)
      return {
        kind: 'tree',
        wanted: args.tree,
        tree: await probeTree(host, args.dest, args.tree, asksPolicy(args)),
      }
    const base = args.src === undefined ? '' : basename(args.src)
    const from = args.remote_src ? args.src : undefined
    const contentLimit = args.wanted && args.wanted.size <= shownBytes && !args.wanted.secret ? shownBytes : 0
    const wantedSha = args.wanted?.sha256
    const policy = asksPolicy(args)
    const large = (args.wanted?.size ?? 0) >= largeBytes
    const question = {
      path: args.dest,
      base,
      from,
      contentLimit,
      wantedSha,
      follow: args.follow,
      policy,
      large,
    }
    // A final slash means what is in a folder.
    if (from !== undefined) return probeRemote(host, { ...question, base: from.endsWith('/') ? '' : base })
    return { kind: 'file', answer: await probeFile(host, question) }
  },
  diff(args, state): Change<Work> | undefined {
    if (state.kind === 'file') return planCopy(args, state.answer)
    const change = planTree(args, state.wanted, state.tree)
    return change && { ...change, data: { kind: 'tree', work: change.data } }
  },
  apply(host, _args, { data }) {
    return data.kind === 'tree' ? applyTree(host, data.work) : applyFile(host, data)
  },
  result(_args, state) {
    if (state.kind === 'tree') return { dest: state.tree.root, path: state.tree.root, state: 'directory' }
    return fileFields(state.answer.path, state.answer.file)
  },
})

async function prepareCopy(args: Args, controller: Controller): Promise<Args> {
  if (args.content !== undefined) {
    const { content } = args
    if (content instanceof Secret || typeof content === 'string')
      return { ...args, wanted: contentOf(content) }
    return { ...args, wanted: contentOf(typeof content === 'number' ? `${content}` : jsonText(content)) }
  }
  if (args.remote_src) return args
  const found = controller.find('files', args.src!)
  const local = await statLocal(found)
  if (local.isDirectory())
    return { ...args, tree: await readTree(controller, found, args.src!.endsWith('/')) }
  const preserved = (local.mode & 0o7777).toString(8).padStart(4, '0')
  const mode = args.mode === 'preserve' ? { mode: preserved } : {}
  return { ...args, ...mode, wanted: await contentOfFile(controller, found) }
}

function planCopy(args: Args, answer: FileAnswer): Change<FileWork> | undefined {
  const { source } = answer
  if (args.remote_src && source?.kind !== 'file') return missingSource(args, answer)
  const content = args.wanted ?? { from: reveal(args.src!), sha256: source!.sha256!, size: source!.size }
  const mode = args.mode === 'preserve' ? source!.mode : args.mode
  return planFile(
    {
      attributes: { ...attributesOf(args), mode },
      content,
      backup: args.backup,
      force: args.force,
      follow: args.follow,
      validate: validatorOf(args.validate),
    },
    answer,
  )
}

function missingSource(args: Args, { source, path, file }: FileAnswer): Change<FileWork> {
  if (source && source.kind !== 'absent')
    throw new ModuleFailure(`${args.src} is not a file (${source.kind})`)
  const order = {
    path,
    content: { from: args.src!, sha256: '' },
    attributes: onlyMode('0644'),
    before: file,
    backup: false,
    validate: '',
  }
  return {
    summary: [`copy ${args.src} to ${path}`],
    requires: [`file:${args.src}`],
    provides: [`file:${path}`],
    data: { kind: 'write', order },
  }
}
