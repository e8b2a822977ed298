import { type ApplyHost, type Change, HostError, ModuleFailure, type ResultFields } from '../module.js'
import { outputFields } from '../outcome.js'
import { shellScript } from '../script.js'
import {
  needSystemd,
  readStatus,
  systemdTools,
  type UnitOrder,
  type UnitState,
  type UnitStatus,
  unitProperties,
} from './unit-probe.js'

/** What applying does, in this order. */
export interface UnitWork {
  readonly reexec: boolean
  readonly reload: boolean
  readonly mask: 'mask' | 'unmask' | ''
  readonly enable: 'enable' | 'disable' | ''
  readonly verb: 'start' | 'stop' | 'restart' | 'reload' | ''
}

const enabledStates = new Set(['enabled', 'enabled-runtime', 'static', 'alias', 'indirect', 'generated'])

/** @throws ModuleFailure for a unit that systemd cannot load */
export function planUnit(order: UnitOrder, { status }: UnitState): Change<UnitWork> | undefined {
  const absent = status.LoadState === 'not-found'
  if (status.LoadState === 'bad-setting' || status.LoadState === 'error')
    throw new ModuleFailure(
      `${order.unit} has an error in its unit file`,
      { status },
      `systemd-analyze verify ${order.unit}`,
    )
  const wantsUnit = order.enabled === true || (order.state !== undefined && order.state !== 'stopped')
  const reload = order.daemon_reload && (status.NeedDaemonReload === 'yes' || (absent && wantsUnit))
  const masked = status.UnitFileState === 'masked' || status.LoadState === 'masked'
  const work: UnitWork = {
    reexec: order.daemon_reexec,
    reload,
    mask: order.masked === undefined || order.masked === masked ? '' : order.masked ? 'mask' : 'unmask',
    enable: enableStep(order, status, absent),
    verb: verbFor(order, status, absent),
  }
  const summary = phrases(order, work)
  if (summary.length === 0) return undefined
  const differences = order.unit === undefined ? [] : [difference(order.unit, status, work)]
  return {
    summary,
    differences,
    ...(absent && wantsUnit && status.UnitFileOnDisk === undefined
      ? { requires: [`unit:${order.unit}`] }
      : {}),
    // What a service makes when it starts (a socket, a kubeconfig) cannot be known.
    ...(work.verb === '' || work.verb === 'stop' ? {} : { provides: ['*'] }),
    data: work,
  }
}

function enableStep(order: UnitOrder, status: UnitStatus, absent: boolean): UnitWork['enable'] {
  if (order.enabled === undefined) return ''
  const state = status.UnitFileState ?? ''
  if (order.enabled) return enabledStates.has(state) ? '' : 'enable'
  return !absent && state.startsWith('enabled') ? 'disable' : ''
}

function verbFor(order: UnitOrder, status: UnitStatus, absent: boolean): UnitWork['verb'] {
  const active = status.ActiveState ?? 'inactive'
  const up =
    ['active', 'activating', 'reloading', 'refreshing'].includes(active) && status.SubState !== 'auto-restart'
  switch (order.state) {
    case 'started':
      return up ? '' : 'start'
    case 'stopped':
      return absent || active === 'inactive' || active === 'failed' ? '' : 'stop'
    case 'restarted':
      return 'restart'
    case 'reloaded':
      return up ? 'reload' : 'start'
    default:
      return ''
  }
}

function phrases({ unit }: UnitOrder, work: UnitWork): string[] {
  const steps = [work.mask, work.enable, work.verb].filter((step) => step !== '')
  return [
    ...(work.reexec ? ['run systemd anew'] : []),
    ...(work.reload ? ['reload the unit files'] : []),
    ...steps.map((step) => `${step} ${unit}`),
  ]
}

function difference(unit: string, status: UnitStatus, work: UnitWork) {
  const { ActiveState: active = '', UnitFileState: file = '' } = status
  const boot = { enable: 'enabled', disable: 'disabled', '': file || 'absent' }[work.enable]
  const afterMask = { mask: 'masked', unmask: boot === 'masked' ? 'unmasked' : boot, '': boot }[work.mask]
  const after = {
    start: 'active',
    stop: 'inactive',
    restart: 'active (restarted)',
    reload: 'active (reloaded)',
    '': active,
  }
  return {
    subject: unit,
    before: `${active}\n${file || 'absent'}\n`,
    after: `${after[work.verb]}\n${afterMask}\n`,
  }
}

const journal = `journal() {
  case $scope in
    user) journalctl --user --user-unit "$unit" -n 20 --no-pager -o short-iso 2>/dev/null ;;
    *) journalctl -u "$unit" -n 20 --no-pager -o short-iso 2>/dev/null ;;
  esac
}
`

const applyScript = shellScript(
  'apply-unit',
  'apply',
  ['unit', 'scope', 'reexec', 'reload', 'mask', 'enable', 'verb', 'no_block', 'force'],
  `${needSystemd}${systemdTools}${journal}tell() {
  echo "--- $1"
  ctl show ${unitProperties} -- "$unit" 2>/dev/null
  echo '---'
  command -v journalctl >/dev/null 2>&1 && journal
  exit 1
}
if [ "$reexec" = yes ]; then ctl daemon-reexec || exit 1; fi
if [ "$reload" = yes ]; then ctl daemon-reload || exit 1; fi
if [ "$force" = yes ]; then set -- --force; else set --; fi
if [ "$mask" = mask ]; then ctl "$@" mask -- "$unit" >&2 || tell mask; fi
if [ "$mask" = unmask ]; then ctl unmask -- "$unit" >&2 || tell unmask; fi
if [ "$enable" = enable ]; then ctl "$@" enable -- "$unit" >&2 || tell enable; fi
if [ "$enable" = disable ]; then ctl disable -- "$unit" >&2 || tell disable; fi
if [ -n "$verb" ]; then
  if [ "$no_block" = yes ]; then set -- --no-block; else set --; fi
  ctl "$@" "$verb" -- "$unit" >&2 || tell "$verb"
fi
[ -z "$unit" ] || [ "$scope" = global ] || ctl show ${unitProperties} -- "$unit"`,
)

const journalScript = shellScript(
  'unit-journal',
  'probe',
  ['unit', 'scope'],
  `${systemdTools}${journal}ctl show ${unitProperties} -- "$unit"
echo '---'
journal
exit 0`,
)

/** @throws ModuleFailure with the end of the journal when the unit does not start or stop */
export async function applyUnit(host: ApplyHost, order: UnitOrder, work: UnitWork): Promise<ResultFields> {
  const { unit = '', scope, no_block, force, timeout } = order
  const { mask, enable, verb } = work
  const flags = {
    reexec: yesNo(work.reexec),
    reload: yesNo(work.reload),
    no_block: yesNo(no_block),
    force: yesNo(force),
  }
  const values = { unit, scope, mask, enable, verb, ...flags }
  const script = applyScript(values, { timeoutMs: Math.round(timeout * 1000) })
  const completed = await host.run(script).catch((error: unknown) => {
    if (error instanceof HostError && error.kind === 'timedOut') return timedOut(host, order, verb)
    throw error
  })
  if (completed.code === 0) return fieldsOf(order, readStatus(completed.stdout.toString('utf8')))
  const [head = '', ...rest] = completed.stdout.toString('utf8').split('\n')
  const { status, journal } = readTold(rest.join('\n'))
  const { stderr, rc } = outputFields(completed)
  const doing = head.startsWith('--- ') ? `${head.slice(4)} ${unit}` : 'reload the unit files'
  throw new ModuleFailure(`could not ${doing}: ${stderr}${indented(journal)}`, {
    rc,
    stderr,
    status,
    journal,
  })
}

async function timedOut(
  host: ApplyHost,
  { unit = '', scope, timeout }: UnitOrder,
  verb: string,
): Promise<never> {
  const told = readTold((await host.run(journalScript({ unit, scope }))).stdout.toString('utf8'))
  const { ActiveState = '?', SubState = '?' } = told.status
  const message = `could not ${verb} ${unit} in ${timeout} s: it is ${ActiveState} (${SubState})`
  throw new ModuleFailure(`${message}${indented(told.journal)}`, { ...told, timed_out: true })
}

function readTold(text: string): { status: UnitStatus; journal: string[] } {
  const lines = text.split('\n')
  const cut = lines.indexOf('---')
  const journal = cut < 0 ? [] : lines.slice(cut + 1).filter((line) => line !== '' && !line.startsWith('-- '))
  return { status: readStatus(lines.slice(0, cut < 0 ? undefined : cut).join('\n')), journal }
}

const indented = (lines: readonly string[]) => lines.map((line) => `\n  ${line}`).join('')
const yesNo = (value: boolean) => (value ? 'yes' : 'no')

function fieldsOf({ unit }: UnitOrder, status: UnitStatus): ResultFields {
  const state = status.ActiveState === 'active' ? 'started' : 'stopped'
  return unit === undefined ? {} : { name: unit, state, enabled: status.UnitFileState === 'enabled', status }
}
