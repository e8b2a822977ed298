import { z } from 'zod'
import { type Change, defineModule, ModuleFailure } from './module.js'
import { bool, int, name, seconds } from './schema.js'
import { shellScript } from './script.js'
import {
  applyOpenrc,
  type OpenrcState,
  type OpenrcWork,
  planOpenrc,
  readOpenrc,
  showOpenrc,
} from './services/openrc.js'
import { applyUnit, planUnit, type UnitWork } from './systemd/unit.js'
import { readStatus, showUnit, systemdTools, type UnitOrder, type UnitState } from './systemd/unit-probe.js'

const args = z.strictObject({
  name: name
    .refine((v) => /^[A-Za-z0-9_@][A-Za-z0-9_.@:\\-]*$/.test(v), 'is not the name of a service')
    .describe('The service; with systemd, a unit of any kind by its full name.'),
  state: z.enum(['started', 'stopped', 'restarted', 'reloaded']).optional(),
  enabled: bool.optional().describe('Whether it starts at boot.'),
  runlevel: name
    .refine((v) => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(v), 'is not the name of a runlevel')
    .default('default')
    .describe('Of OpenRC.'),
  sleep: int
    .refine((v) => v >= 0, 'must not be negative')
    .default(0)
    .describe('Seconds between stop and start, with OpenRC and `restarted`.'),
  timeout: seconds.default(300).describe('How long starting or stopping may take.'),
  use: z.enum(['auto', 'systemd', 'openrc']).default('auto').describe('`auto`: what the host runs.'),
})

type Args = z.output<typeof args>

type State =
  | { readonly kind: 'systemd'; readonly unit: UnitState }
  | { readonly kind: 'openrc'; readonly service: OpenrcState }
type Work =
  | { readonly kind: 'systemd'; readonly unit: UnitWork }
  | { readonly kind: 'openrc'; readonly service: OpenrcWork }

const suffix = /\.(service|socket|timer|mount|automount|target|path|slice|scope|swap|device)$/

function unitOrder({ name: given, state, enabled, timeout }: Args): UnitOrder {
  return {
    unit: suffix.test(given) ? given : `${given}.service`,
    state,
    enabled,
    daemon_reload: false,
    daemon_reexec: false,
    no_block: false,
    force: false,
    scope: 'system',
    timeout,
  }
}

const probeScript = shellScript(
  'probe-service',
  'probe',
  ['name', 'unit', 'use', 'scope'],
  `PATH=$PATH:/usr/sbin:/sbin
export PATH
${systemdTools}${showUnit}${showOpenrc}if [ "$use" = auto ]; then
  if [ -d /run/systemd/system ]; then use=systemd
  elif command -v rc-service >/dev/null 2>&1; then use=openrc
  else
    echo 'this host runs neither systemd nor OpenRC' >&2
    exit 1
  fi
fi
echo "$use"
case $use in
  systemd) show_unit ;;
  openrc)
    command -v rc-service >/dev/null 2>&1 || { echo 'this host has no OpenRC' >&2; exit 1; }
    show_openrc
    ;;
esac`,
)

/** Services, whatever starts them. */
export const service = defineModule({
  name: 'service',
  doc: {
    summary: 'Start, stop and enable services, of systemd and of OpenRC',
    description:
      'With systemd it is the module `systemd`. With OpenRC a service is enabled where it is in the runlevel, and one that has ' +
      'crashed is started again. Stopping or disabling one that is not there changes nothing.',
    examples: [
      '- name: Run the time service\n  service: { name: chronyd, state: started, enabled: true }',
      '- name: At boot of Alpine\n  service: { name: cgroups, enabled: true, runlevel: boot }',
    ],
  },
  args,
  readsAhead: true,
  async probe(host, args: Args): Promise<State> {
    const order = unitOrder(args)
    const values = { name: args.name, unit: order.unit!, use: args.use, scope: 'system' }
    const [kind, ...lines] = (await host.query(probeScript(values))).stdout.toString('utf8').split('\n')
    if (kind === 'openrc') return { kind, service: readOpenrc(lines) }
    const status = readStatus(lines.join('\n'))
    if (status.LoadState === undefined) throw new ModuleFailure(`systemctl tells nothing of ${order.unit}`)
    return { kind: 'systemd', unit: { status } }
  },
  diff(args, state): Change<Work> | undefined {
    if (state.kind === 'systemd') {
      const change = planUnit(unitOrder(args), state.unit)
      return change && { ...change, data: { kind: 'systemd', unit: change.data } }
    }
    const change = planOpenrc(args, state.service)
    return change && { ...change, data: { kind: 'openrc', service: change.data } }
  },
  apply: (host, args, { data }) =>
    data.kind === 'systemd'
      ? applyUnit(host, unitOrder(args), data.unit)
      : applyOpenrc(host, args, data.service),
  result: (args, state) => ({
    name: args.name,
    ...(state.kind === 'systemd'
      ? {
          state: state.unit.status.ActiveState === 'active' ? 'started' : 'stopped',
          enabled: state.unit.status.UnitFileState === 'enabled',
          status: state.unit.status,
        }
      : {
          state: state.service.status === 'started' ? 'started' : 'stopped',
          enabled: state.service.runlevels.includes(args.runlevel),
        }),
  }),
})
