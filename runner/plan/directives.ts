import { z } from 'zod'
import { bool } from '../modules/schema.js'
import { metaActions } from './plan.js'

const file = z
  .string()
  .describe('A file of tasks: beside the one it stands in, or in the tasks/ of its role.')
const apply = z
  .record(z.string(), z.unknown())
  .optional()
  .describe('Keywords for the tasks that it brings, as of a block; `tags` there are theirs.')
const part = (folder: string) =>
  z.string().optional().describe(`A file of its ${folder}/ in the place of main.`)

const role = {
  name: z.string().describe('The role.'),
  tasks_from: part('tasks'),
  vars_from: part('vars'),
  defaults_from: part('defaults'),
  handlers_from: part('handlers'),
  public: bool.optional().describe('Its variables and defaults hold for the rest of the play, too.'),
  allow_duplicates: bool.default(true).describe('Run it on a host that has run it before.'),
  rolespec_validate: bool.default(true).describe('Check its variables against its argument spec first.'),
}

const later =
  'Read when a host comes to it, so that its name may be a template; `when` and `loop` count once, here.'
const now =
  'Its tasks stand here as if they were written here: its name is fixed, and `when` and tags are theirs.'

/** What `tsplay doc` and docs/modules.md tell of words in a module's place that the planner itself understands. */
export interface Directive {
  readonly name: string
  readonly doc: {
    readonly summary: string
    readonly description?: string
    readonly examples: readonly string[]
  }
  readonly args: z.ZodType
  readonly freeForm?: string
}

const metaDocs: Readonly<Record<(typeof metaActions)[number], string>> = {
  flush_handlers: 'run now what was notified',
  noop: 'nothing',
  end_host: 'the play ends for this host',
  end_role: 'the role ends for this host',
  end_batch: 'the play ends for the hosts of this batch',
  end_play: 'the play ends for all its hosts',
  refresh_inventory: 'read the inventory once more',
  clear_facts: 'forget the facts of this host',
  clear_host_errors: 'hosts of the play that failed or were unreachable take part again',
  reset_connection: 'close the connection; the next task opens it anew',
}

/** In the order of docs/modules.md. */
export const directiveDocs: readonly Directive[] = [
  {
    name: 'import_playbook',
    doc: {
      summary: 'Put the plays of another playbook here',
      description:
        'It stands in the place of a play, with `vars`, `tags` and `when`, which hold for all of its plays.',
      examples: ['- import_playbook: cluster.yaml\n  when: facts.os.family === "debian"'],
    },
    args: z.object({ free_form: z.string().describe('The playbook, beside this one.') }),
  },
  {
    name: 'import_role',
    doc: {
      summary: 'Put the tasks of a role here',
      description: now,
      examples: ['- import_role: { name: ntp }'],
    },
    args: z.object(role),
  },
  {
    name: 'import_tasks',
    doc: {
      summary: 'Put the tasks of a file here',
      description: now,
      examples: ['- import_tasks: ufw.yaml'],
    },
    args: z.object({ file }),
    freeForm: 'file',
  },
  {
    name: 'include_role',
    doc: {
      summary: 'Run a role, chosen in the run',
      description: later,
      examples: ['- include_role: { name: "<%= item %>" }\n  loop: [ntp, ufw]'],
    },
    args: z.object({ ...role, apply }),
  },
  {
    name: 'include_tasks',
    doc: {
      summary: 'Run the tasks of a file, chosen in the run',
      description: later,
      examples: ['- include_tasks: <%= facts.os.family %>.yaml'],
    },
    args: z.object({ file, apply }),
    freeForm: 'file',
  },
  {
    name: 'meta',
    doc: {
      summary: 'Tell the run itself what to do',
      description:
        'Takes `name`, `when`, `tags` and `vars`. ' +
        `${metaActions.map((action) => `\`${action}\`: ${metaDocs[action]}.`).join(' ')}`,
      examples: ['- meta: flush_handlers', '- meta: end_host\n  when: facts.cgroup.version !== 2'],
    },
    args: z.object({ free_form: z.enum(metaActions).describe('The word after the colon: what to do.') }),
  },
]
