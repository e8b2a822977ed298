import { stat as statLocal } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { applyFile } from './files/apply.js'
import { attributesOf } from './files/attributes.js'
import { type Content, contentOf } from './files/content.js'
import { asksPolicy } from './files/label.js'
import { planFile } from './files/plan.js'
import { probeFile, shownBytes } from './files/probe.js'
import { fileFields } from './files/result.js'
import { validateArg, validatorOf } from './files/validate.js'
import { type Controller, defineModule } from './module.js'
import { attributes, bool, localPath, modeOrPreserve, path } from './schema.js'

const args = z.strictObject({
  src: localPath.describe('A template of the controller: roles/<role>/templates/*.ejs.'),
  dest: path.describe(
    'Where it goes. A folder, or a name that ends in a slash: the template’s name without .ejs.',
  ),
  ...attributes,
  mode: modeOrPreserve.optional().describe('Octal, symbolic, or `preserve`: the mode of the template.'),
  backup: bool.default(false).describe('Keep the old file beside it, with a time in its name.'),
  force: bool.default(true).describe('With false: only write where nothing is yet.'),
  follow: bool.default(false).describe('Where the destination is a link, write what it leads to.'),
  validate: validateArg,
})

type Args = z.output<typeof args> & {
  /** Added by `prepare`. */
  readonly wanted?: Content
}

/** Renders a template to a file of a host. */
export const template = defineModule({
  name: 'template',
  doc: {
    summary: 'Render an EJS template to a file on the host',
    description: 'Rendered on the controller with the task’s variables, then written as `copy` writes.',
    examples: [
      '- name: Configure k3s\n  template:\n    src: config.yaml.ejs\n    dest: /etc/rancher/k3s/config.yaml\n    mode: "0600"\n  notify: restart k3s',
    ],
  },
  args: args as z.ZodType<Args>,
  readsAhead: true,
  async prepare(args: Args, controller: Controller): Promise<Args> {
    const found = controller.find('templates', args.src)
    const wanted = contentOf(controller.render(found))
    if (args.mode !== 'preserve') return { ...args, wanted }
    const bits = (await statLocal(found)).mode & 0o7777
    return { ...args, wanted, mode: bits.toString(8).padStart(4, '0') }
  },
  probe(host, args: Args) {
    const base = basename(args.src).replace(/\.ejs$/, '')
    const { size, sha256 } = args.wanted!
    const contentLimit = size <= shownBytes ? shownBytes : 0
    const policy = asksPolicy(args)
    return probeFile(host, {
      path: args.dest,
      base,
      wantedSha: sha256,
      contentLimit,
      follow: args.follow,
      policy,
    })
  },
  diff(args, state) {
    const { backup, force, follow } = args
    const validate = validatorOf(args.validate)
    return planFile(
      { attributes: attributesOf(args), content: args.wanted!, backup, force, follow, validate },
      state,
    )
  },
  apply: (host, _args, { data }) => applyFile(host, data),
  result: (_args, state) => fileFields(state.path, state.file),
})
