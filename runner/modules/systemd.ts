import { z } from 'zod'
import { defineModule } from './module.js'
import { bool, name, seconds } from './schema.js'
import { applyUnit, planUnit } from './systemd/unit.js'
import { probeUnit, type UnitOrder } from './systemd/unit-probe.js'

const args = z
  .strictObject({
    name: name.optional().describe('The unit; without a suffix, a service.'),
    unit: name.optional().describe('The same as `name`.'),
    service: name.optional().describe('The same as `name`.'),
    state: z.enum(['started', 'stopped', 'restarted', 'reloaded']).optional(),
    enabled: bool.optional().describe('Whether it starts at boot.'),
    masked: bool.optional().describe('A masked unit cannot be started.'),
    daemon_reload: bool
      .default(false)
      .describe('Read unit files again, if systemd says that they have changed since it read them.'),
    no_block: bool.default(false).describe('Do not wait until the unit has started or stopped.'),
    daemon_reexec: bool.default(false).describe('Run systemd itself anew; a change every time.'),
    force: bool.default(false).describe('Replace links that stand in the way of enabling or masking.'),
    scope: z
      .enum(['system', 'user', 'global'])
      .default('system')
      .describe(
        '`user`: the units of the user that the task runs as. `global`: what every user has at login.',
      ),
    timeout: seconds.default(300).describe('How long starting or stopping may take.'),
  })
  .superRefine((value, context) => {
    const names = (['name', 'unit', 'service'] as const).filter((key) => value[key] !== undefined)
    const needs = value.state !== undefined || value.enabled !== undefined || value.masked !== undefined
    if (names.length > 1 || (names.length === 0 && (needs || !(value.daemon_reload || value.daemon_reexec))))
      context.addIssue({ code: 'custom', message: 'give name' })
    for (const key of names)
      if (/^-|\s|\//.test(value[key]!))
        context.addIssue({ code: 'custom', message: 'is not the name of a unit', path: [key] })
    if (value.scope === 'global' && (value.state !== undefined || value.daemon_reload || value.daemon_reexec))
      context.addIssue({ code: 'custom', message: 'nothing runs in the scope global', path: ['scope'] })
  })

type Args = z.output<typeof args>

const suffix = /\.(service|socket|timer|mount|automount|target|path|slice|scope|swap|device)$/

const givenName = (args: Args) => args.name ?? args.unit ?? args.service

function orderOf(args: Args): UnitOrder {
  const given = givenName(args)
  const unit = given === undefined ? undefined : suffix.test(given) ? given : `${given}.service`
  return { ...args, unit }
}

/** Units of systemd. */
export const systemd = defineModule({
  name: 'systemd',
  doc: {
    summary: 'Start, stop, enable and mask units of systemd',
    description:
      'Unit files come by `template` or `copy`; `daemon_reload` here, or in a handler, lets systemd read them. Stopping or ' +
      'disabling a unit that is not there changes nothing (Ansible fails). `daemon_reload` is a change only ' +
      'where systemd says that it needs one (Ansible reloads every time). A unit that does not start fails with the last ' +
      'lines of its journal. A service that is waiting to be restarted after a crash does not count as started.',
    examples: [
      '- name: Run k3s\n  systemd: { name: k3s, state: started, enabled: true, daemon_reload: true }',
      '- name: A unit of the user debian\n  systemd: { name: agent, state: started, scope: user }\n  become: true\n  become_user: debian',
      '- name: restart k3s\n  systemd: { name: k3s, state: restarted, timeout: 120 }',
    ],
  },
  args,
  aliases: { 'daemon-reload': 'daemon_reload', 'daemon-reexec': 'daemon_reexec' },
  readsAhead: true,
  probe: (host, args: Args) => probeUnit(host, orderOf(args)),
  diff: (args, state) => planUnit(orderOf(args), state),
  async apply(host, args, change) {
    const fields = await applyUnit(host, orderOf(args), change.data)
    // As it was written, which is what Ansible returns.
    return { ...fields, ...(fields.name === undefined ? {} : { name: givenName(args) }) }
  },
  result: (args, state) => ({
    name: givenName(args) ?? null,
    state: state.status.ActiveState === 'active' ? 'started' : 'stopped',
    enabled: state.status.UnitFileState === 'enabled',
    status: state.status,
  }),
})
