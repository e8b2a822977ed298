import { z } from 'zod'
import { defineModule, ModuleFailure } from './module.js'
import { mustRun, outputText } from './outcome.js'
import { bool, int, name, text } from './schema.js'
import { shellScript } from './script.js'
import { isAddress } from './ufw/address.js'
import { planUfw, type UfwOrder } from './ufw/plan.js'
import { ruleWords } from './ufw/rule.js'
import { probeUfw } from './ufw/state.js'
import { joinWords } from './words.js'

const address = text.refine(isAddress, 'must be an address, a network or any').default('any')
const ports = text.refine(
  (v) => /^(any|\d{1,5}([:,]\d{1,5})*)$/.test(v),
  'must be a port, ports (80,443) or a range (1:9)',
)
const nic = name.refine((v) => /^[A-Za-z0-9][A-Za-z0-9._:+-]*$/.test(v), 'is not the name of an interface')

const args = z
  .strictObject({
    rule: z.enum(['allow', 'deny', 'limit', 'reject']).optional(),
    port: ports.optional().describe('Destination port; a range needs proto.'),
    to_port: ports.optional().describe('The same as `port`.'),
    from_port: ports.default('any').describe('Source port.'),
    proto: z.enum(['any', 'tcp', 'udp', 'ipv6', 'esp', 'ah', 'gre', 'igmp', 'vrrp']).default('any'),
    protocol: z.enum(['any', 'tcp', 'udp', 'ipv6', 'esp', 'ah', 'gre', 'igmp', 'vrrp']).optional(),
    from_ip: address.describe('Source address or network.'),
    to_ip: address.describe('Destination address or network.'),
    name: name.optional().describe('An application profile, in the place of port and proto.'),
    direction: z.enum(['in', 'out', 'incoming', 'outgoing', 'routed']).optional(),
    interface: nic.optional(),
    interface_in: nic.optional().describe('With `route`.'),
    interface_out: nic.optional().describe('With `route`.'),
    route: bool.default(false).describe('A rule for traffic that passes through.'),
    log: bool.default(false).describe('Log new connections.'),
    comment: name.optional().describe('Not part of what makes two rules the same; it is changed in place.'),
    delete: bool.default(false),
    insert: int.optional().describe('The position of a rule that is new; at the end where there are fewer.'),
    state: z.enum(['enabled', 'disabled', 'reloaded', 'reset']).optional(),
    default: z.enum(['allow', 'deny', 'reject']).optional().describe('What happens where no rule matches.'),
    policy: z.enum(['allow', 'deny', 'reject']).optional().describe('The same as `default`.'),
    logging: z.enum(['on', 'off', 'low', 'medium', 'high', 'full']).optional(),
  })
  .superRefine((value, context) => {
    const issue = (message: string, at: string) => context.addIssue({ code: 'custom', message, path: [at] })
    const given = [value.rule, value.state, value.default ?? value.policy, value.logging]
    if (given.every((v) => v === undefined))
      context.addIssue({ code: 'custom', message: 'give rule, state, default or logging' })
    const all = [value.port, value.to_port, value.from_port].filter((v) => v !== undefined && v !== 'any')
    const proto = value.protocol ?? value.proto
    if (all.some((v) => /[:,]/.test(v!)) && proto !== 'tcp' && proto !== 'udp')
      issue('ranges and lists need proto: tcp or udp', 'port')
    if (value.name !== undefined && all.length > 0) issue('excludes port', 'name')
    if (value.comment?.includes("'")) issue("ufw takes no ' in a comment", 'comment')
    if (value.insert !== undefined && value.insert < 1) issue('begins at 1', 'insert')
  })

type Args = z.output<typeof args>

function orderOf(args: Args): UfwOrder {
  const { direction, state, logging, insert } = args
  const policy = args.default ?? args.policy
  return {
    state,
    logging,
    insert,
    delete: args.delete,
    policy: policy && { policy, direction: sideOf(direction) },
    rule: args.rule && {
      action: args.rule,
      route: args.route,
      direction: direction === 'out' || direction === 'outgoing' ? 'out' : 'in',
      interface: args.interface ?? args.interface_in ?? '',
      interfaceOut: args.interface_out ?? '',
      proto: args.protocol ?? args.proto,
      port: args.port ?? args.to_port ?? 'any',
      fromPort: args.from_port,
      from: args.from_ip,
      to: args.to_ip,
      app: args.name ?? '',
      log: args.log ? 'log' : '',
      comment: args.comment ?? '',
    },
  }
}

const sideOf = (direction: Args['direction']) =>
  direction === 'routed'
    ? 'routed'
    : direction === 'out' || direction === 'outgoing'
      ? 'outgoing'
      : 'incoming'

// Many hosts' worth of rules are set while docker or another ufw holds the lock of iptables for a moment: ufw waits itself.
const script = shellScript(
  'apply-ufw',
  'apply',
  ['commands'],
  `PATH=$PATH:/usr/sbin:/sbin
export PATH
LC_ALL=C
export LC_ALL
command -v ufw >/dev/null 2>&1 || { echo 'ufw is not installed' >&2; exit 1; }
eval "$commands"`,
)

/** Rules and state of ufw. */
export const ufw = defineModule({
  name: 'ufw',
  doc: {
    summary: 'Manage the firewall with ufw',
    description:
      'A rule is the same as another when direction, interfaces, protocol, ports and addresses are; what it does and its ' +
      'comment are changed in place, as ufw does. `state: reset` changes nothing where ufw is off and has no rules.',
    examples: [
      '- name: SSH stays open\n  ufw: { rule: limit, port: 22, proto: tcp, comment: ssh }',
      '- name: The cluster’s API\n  ufw: { rule: allow, port: 6443, proto: tcp, from_ip: 10.0.0.0/24 }',
      '- name: Refuse the rest\n  ufw: { state: enabled, default: deny, direction: incoming }',
    ],
  },
  args,
  aliases: {
    src: 'from_ip',
    from: 'from_ip',
    dest: 'to_ip',
    to: 'to_ip',
    app: 'name',
    if: 'interface',
    if_in: 'interface_in',
    if_out: 'interface_out',
  },
  probe: (host, _args: Args) => probeUfw(host),
  diff: (args, state) => planUfw(orderOf(args), state),
  async apply(host, _args, { data }) {
    const commands = data.map((words) => `${joinWords(['ufw', ...words])} || exit 1`).join('\n')
    const completed = await mustRun(
      host,
      script({ commands }),
      `run ufw ${data.map((w) => w.join(' ')).join(', ufw ')}`,
    )
    const said = outputText(completed.stdout)
    if (/^(ERROR|WARN): initcaps/m.test(said))
      throw new ModuleFailure(`ufw cannot work on this kernel: ${said}`)
    return { msg: said, commands: data.map((words) => `ufw ${words.join(' ')}`) }
  },
  result: (_args, state) => ({
    rules: state.rules.map((rule) => ({ ...rule, text: ruleWords(rule, true).join(' ') })),
    status: state.active ? 'active' : 'inactive',
    policies: state.policies,
    logging: state.logging,
  }),
})
