import { z } from 'zod'
import { factGroups, groupsOf, isSubset } from './facts/groups.js'
import { readFacts } from './facts/parse.js'
import { factsScript } from './facts/script.js'
import { matchesGlob } from './files/glob.js'
import { defineModule } from './module.js'
import { path, seconds, textList } from './schema.js'

const args = z.strictObject({
  gather_subset: textList
    .refine(
      (words) => words.every(isSubset),
      `must be of all, ${factGroups.join(', ')}, or one with ! before it`,
    )
    .default(['all'])
    .describe(
      `Groups of facts: ${factGroups.join(', ')}; Ansible’s finer names stand for the group they are in. \`!\` leaves one ` +
        'out; `min` comes always, unless `!min`.',
    ),
  fact_path: path
    .default('/etc/ansible/facts.d')
    .describe('Where the host keeps `*.fact` of its own; those of /etc/tsplay/facts.d are read too.'),
  filter: textList
    .default([])
    .describe('Keep only facts whose first name matches one of these globs, such as `os` or `net*`.'),
  gather_timeout: seconds.default(30).describe('How long the host may take.'),
})

type Args = z.output<typeof args>

/** Gathers the facts of a host. */
export const setup = defineModule({
  name: 'setup',
  doc: {
    summary: 'Gather the facts of the host',
    description:
      'What plays do by themselves unless `gather_facts: false`. Everything stands under `facts`; a group that was not asked ' +
      'for is missing there. The host’s own facts stand under `facts.local`, by the name of their file: a program’s output, ' +
      'or what a plain file holds, as JSON or INI.',
    examples: [
      '- name: Look again\n  setup:',
      '- name: Only what costs nothing\n  setup: { gather_subset: min }',
    ],
  },
  args,
  async probe(host, args: Args) {
    const groups = groupsOf(args.gather_subset)
    const values = { groups: groups.join(' '), fact_path: args.fact_path }
    const startMs = Date.now()
    const { stdout } = await host.query(factsScript(values, { timeoutMs: args.gather_timeout * 1000 }))
    return readFacts(stdout.toString('utf8'), { startMs, endMs: Date.now() }, groups)
  },
  diff: () => undefined,
  apply: async () => ({}),
  result: ({ gather_subset, filter }, facts) => {
    const wanted = groupsOf(gather_subset)
    if (filter.length === 0) return { facts, gather_subset: wanted }
    const named = Object.entries(facts).filter(([name]) => filter.some((glob) => matchesGlob(glob, name)))
    return { facts: Object.fromEntries(named) }
  },
})
