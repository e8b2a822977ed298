import { z } from 'zod'
import { asksPolicy } from './files/label.js'
import { applyPath, type PathWork } from './files/path-apply.js'
import { type PathState, planPath, probeFilePath } from './files/path-plan.js'
import { fileFields } from './files/result.js'
import { defineModule } from './module.js'
import { attributes, bool, path, text } from './schema.js'

const args = z
  .strictObject({
    path: path.optional().describe('What it is about.'),
    dest: path.optional().describe('The same as `path`.'),
    name: path.optional().describe('The same as `path`.'),
    state: z
      .enum(['file', 'directory', 'touch', 'link', 'hard', 'absent'])
      .optional()
      .describe('Without it: what is there keeps its kind.'),
    ...attributes,
    src: text.optional().describe('What a link leads to; relative to the folder of the link.'),
    recurse: bool.default(false).describe('Owner, group and mode of everything below the folder too.'),
    force: bool.default(false).describe('Make a link to nothing, or in the place of a file.'),
    follow: bool.default(true).describe('Owner and mode are those of what a link leads to.'),
    modification_time: z.enum(['now', 'preserve']).default('now').describe('For `touch`.'),
    access_time: z.enum(['now', 'preserve']).default('now').describe('For `touch`.'),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    const places = [value.path, value.dest, value.name].filter((v) => v !== undefined)
    if (places.length !== 1) context.addIssue({ code: 'custom', message: 'give path' })
    const isLink = value.state === 'link' || value.state === 'hard'
    if (isLink && value.src === undefined) issue('a link needs src', 'src')
    if (!isLink && value.src !== undefined) issue('only a link has src', 'src')
    if (value.recurse && value.state !== 'directory') issue('needs state: directory', 'recurse')
    if (value.recurse && asksPolicy(value)) issue('goes by each path: it cannot be _default', 'recurse')
    if (value.state === 'absent' && places[0] === '/') issue('/ cannot be removed', 'path')
  })

type Args = z.output<typeof args>

const orderOf = (args: Args) => ({ ...args, path: (args.path ?? args.dest ?? args.name)! })

/** Folders, links, owners and modes. */
export const file = defineModule({
  name: 'file',
  doc: {
    summary: 'Make folders and links, set owners and modes, remove files',
    examples: [
      '- name: The data folder\n  file: { path: /var/lib/rancher, state: directory, mode: "0755" }',
      '- name: kubectl\n  file: { src: /usr/local/bin/k3s, path: /usr/local/bin/kubectl, state: link }',
      '- name: No old configuration\n  file: { path: /etc/rancher/old.yaml, state: absent }',
    ],
  },
  args,
  readsAhead: true,
  probe: (host, args: Args): Promise<PathState> => probeFilePath(host, orderOf(args)),
  diff: (args, state) => planPath(orderOf(args), state),
  apply: (host, _args, { data }) => applyPath(host, data satisfies PathWork),
  result: (args, state) => fileFields(state.path, args.follow ? state.followed : state.file),
})
