import { z } from 'zod'
import {
  type FirewalldOrder,
  type FirewalldWork,
  planFirewalld,
  probeFirewalld,
  type Side,
} from './firewalld/plan.js'
import { defineModule, ModuleFailure } from './module.js'
import { mustRun } from './outcome.js'
import { bool, int, name, text } from './schema.js'
import { shellScript } from './script.js'
import { isAddress } from './ufw/address.js'
import { joinWords } from './words.js'

const word = name.refine((v) => /^[A-Za-z0-9][A-Za-z0-9_.:@+-]*$/.test(v), 'is not a name of firewalld')
const ports = text.refine(
  (v) => /^\d{1,5}(-\d{1,5})?\/(tcp|udp|sctp|dccp)$/.test(v),
  'must be 80/tcp or 1-9/udp',
)

const kinds = [
  'service',
  'port',
  'source',
  'rich_rule',
  'interface',
  'protocol',
  'source_port',
  'icmp_block',
  'masquerade',
] as const

const args = z
  .strictObject({
    zone: word.optional().describe('Without it, the default zone.'),
    service: word.optional(),
    port: ports.optional().describe('`6443/tcp`, `1-9/udp`.'),
    source: text
      .refine((v) => isAddress(v) || v.startsWith('ipset:'), 'must be an address or a network')
      .optional(),
    rich_rule: name.optional().describe('In firewalld’s language.'),
    interface: word.optional(),
    protocol: word.optional(),
    source_port: ports.optional(),
    icmp_block: word.optional(),
    masquerade: bool.optional(),
    target: z
      .enum(['default', 'ACCEPT', 'DROP', '%%REJECT%%'])
      .optional()
      .describe('What becomes of the rest; permanent only.'),
    state: z
      .enum(['enabled', 'disabled', 'present', 'absent'])
      .describe('`present` and `absent` are for a zone itself, and for target.'),
    permanent: bool.default(false).describe('For the next start of firewalld.'),
    immediate: bool.optional().describe('Now. Without it: only where it is not permanent.'),
    timeout: int.default(0).describe('Seconds after which what was enabled goes again; not with permanent.'),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    const given = kinds.filter((key) => value[key] !== undefined)
    const isZone = value.state === 'present' || value.state === 'absent'
    if (given.length > 1) issue(`excludes ${given[0]}: give one in a task`, given[1]!)
    if (isZone && given.length > 0) issue('is for a zone; say enabled or disabled', 'state')
    if (isZone && value.zone === undefined) issue('is needed', 'zone')
    if (isZone && !value.permanent) issue('a zone is made permanently: say permanent: true', 'permanent')
    if (!isZone && given.length === 0)
      issue('names nothing to enable: give service, port, source, …', 'state')
    if (value.target !== undefined && !isZone) issue('needs state: present or absent', 'target')
    if (value.timeout > 0 && value.permanent) issue('excludes permanent', 'timeout')
  })

type Args = z.output<typeof args>

function orderOf(args: Args): FirewalldOrder {
  const kind = kinds.find((key) => args[key] !== undefined)
  const value = kind === undefined || kind === 'masquerade' ? '' : args[kind]!
  const immediate = args.immediate ?? !args.permanent
  const sides: Side[] = [
    ...(args.permanent ? (['permanent'] as const) : []),
    ...(immediate ? (['runtime'] as const) : []),
  ]
  const zoneOnly = args.state === 'present' || args.state === 'absent'
  // `masquerade: false` with enabled means that it shall be off, as in Ansible.
  const wanted = (args.state === 'enabled' || args.state === 'present') && args.masquerade !== false
  return {
    zone: args.zone ?? '',
    element: kind?.replaceAll('_', '-') ?? '',
    value,
    wanted,
    sides: zoneOnly ? ['permanent'] : sides,
    target: args.target ?? '',
    timeout: args.timeout,
  }
}

const script = shellScript(
  'apply-firewalld',
  'apply',
  ['commands'],
  `PATH=$PATH:/usr/sbin:/sbin
LC_ALL=C
export PATH LC_ALL
eval "$commands"`,
)

/** Zones of firewalld. */
export const firewalld = defineModule({
  name: 'firewalld',
  doc: {
    summary: 'Manage the firewall with firewalld',
    description:
      'firewalld must run. A new zone is known to the running firewall once firewalld is reloaded.',
    examples: [
      '- name: The API of the cluster\n  firewalld: { zone: public, port: 6443/tcp, permanent: true, immediate: true, state: enabled }',
      '- name: The pods are trusted\n  firewalld: { zone: trusted, source: 10.42.0.0/16, permanent: true, immediate: true, state: enabled }',
    ],
  },
  args,
  probe: (host, args: Args) => probeFirewalld(host, orderOf(args)),
  diff: (args, state) => planFirewalld(orderOf(args), state),
  async apply(host, _args, { data, requires }) {
    if (requires?.length) throw new ModuleFailure('firewalld does not run on this host')
    const commands = (data satisfies FirewalldWork)
      .map((words) => `${joinWords(['firewall-cmd', ...words])} >&2 || exit 1`)
      .join('\n')
    await mustRun(host, script({ commands }), 'change firewalld')
    return {}
  },
  result: (args, { running }) => ({ running, state: args.state }),
})
