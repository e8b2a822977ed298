import { z } from 'zod'
import { defineModule } from './module.js'
import { applyNftables, type NftOrder, planNftables } from './nftables/plan.js'
import { probeNftables } from './nftables/state.js'
import { int, name, path, text } from './schema.js'

/** Braces that are closed in order, and nothing that would end the rule, or hide its comment. */
function isOneRule(rule: string): boolean {
  let open = 0
  for (const char of rule) {
    if (char === '{') open += 1
    if (char === '}') open -= 1
    if (open < 0 || /[\n\r;#\\]/.test(char)) return false
  }
  return (
    open === 0 && rule.trim() !== '' && (rule.split('"').length - 1) % 2 === 0 && !/\bcomment\b/.test(rule)
  )
}

const args = z
  .strictObject({
    comment: text
      .refine((v) => /^[^"\\\n\r]+$/.test(v) && Buffer.byteLength(v) <= 120, {
        message: 'must be one line of up to 120 bytes, without " and \\',
      })
      .default('')
      .describe('The name of the rule: what it is found by, and what `nft list ruleset` shows of it.'),
    rule: text
      .refine(isOneRule, 'must be one rule of nft, without ; and # and without a comment of its own')
      .optional()
      .describe('What nft takes: `tcp dport 6443 ip saddr != 10.0.0.0/24 drop`.'),
    chain: z.enum(['input', 'forward', 'output']).default('input').describe('Where packets meet the rule.'),
    state: z
      .enum(['present', 'absent', 'info'])
      .default('present')
      .describe('`info` changes nothing: `rules` of the result are those of the table, as after any change.'),
    table: name
      .refine((v) => /^[A-Za-z_][A-Za-z0-9_-]{0,60}$/.test(v), 'must be letters, digits, _ and -')
      .default('tsplay')
      .describe('The table, of the family `inet`. Everything in it is ours.'),
    priority: int
      .default(-10)
      .describe('Of its chains: lower comes earlier, and 0 is where other filters are.'),
    dest: path
      .refine((v) => /^\/[^"*?[\]]*\/[^/"*?[\]]+\.nft$/.test(v), 'must be an absolute path that ends in .nft')
      .default('/etc/nftables.d/tsplay.nft')
      .describe('Where the table is kept; what nftables loads at boot takes in this folder.'),
  })
  .superRefine((value, context) => {
    const needed = { present: ['comment', 'rule'], absent: ['comment'], info: [] } as const
    for (const key of needed[value.state])
      if (!value[key]) context.addIssue({ code: 'custom', message: 'is needed', path: [key] })
  })

type Args = z.output<typeof args>

const orderOf = ({ comment, rule = '', chain, state, table, priority, dest }: Args): NftOrder => ({
  wanted: { chain, rule: rule.trim(), comment },
  present: state === 'present',
  table,
  priority,
  dest,
})

/** Rules of nftables, in a table of our own. */
export const nftables = defineModule({
  name: 'nftables',
  doc: {
    summary: 'Keep rules of nftables, each known by its comment, in a table of their own',
    description:
      'The table is replaced in one step, and no other is touched or flushed. Its policy is accept: a rule that accepts ends ' +
      'this table alone, and what another one drops stays dropped; so accept first and drop the rest here. The rules are in ' +
      'force at once. They are kept for the service `nftables`, which is neither started nor enabled: a firewall that was off ' +
      'stays off.',
    examples: [
      '- name: The API, from the cluster only\n' +
        '  nftables: { comment: k3s api, rule: "tcp dport 6443 ip saddr != 10.0.0.0/24 drop" }',
      '- name: No longer\n  nftables: { comment: k3s api, state: absent }',
      '- name: What is ours\n  nftables: { state: info }\n  register: ours',
    ],
  },
  args,
  probe: (host, { table, dest }: Args) => probeNftables(host, { table, dest }),
  diff: (args, state) => (args.state === 'info' ? undefined : planNftables(orderOf(args), state)),
  async apply(host, args, { data }) {
    await applyNftables(host, orderOf(args), data)
    return { rules: data.rules }
  },
  result: (_args, { kept, service, included }) => ({ rules: kept, service: service || null, included }),
})
