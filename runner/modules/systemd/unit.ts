import {
  type ApplyHost,
  type Change,
  HostError,
  ModuleFailure,
  type ProbeHost,
  type ResultFields,
} from '../module.js'
import { outputFields } from '../outcome.js'
import { shellScript } from '../script.js'

/** What is asked of a unit. */
export interface UnitOrder {
  /** With its suffix; undefined when only `daemon_reload` is asked for. */
  readonly unit: string | undefined
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded' | undefined
  readonly enabled?: boolean | undefined
  readonly masked?: boolean | undefined
  readonly daemon_reload: boolean
  readonly no_block: boolean
  /** In seconds. */
  readonly timeout: number
}

/** Properties as `systemctl show` prints them. */
export type UnitStatus = Readonly<Record<string, string>>

export interface UnitState {
  readonly status: UnitStatus
}

const properties =
  '-p Id,LoadState,ActiveState,SubState,UnitFileState,NeedDaemonReload,FragmentPath,DropInPaths,MainPID,Result,ExecMainStatus,' +
  'ExecMainCode,Type,Description,NRestarts,ActiveEnterTimestamp'

const needSystemd = `command -v systemctl >/dev/null 2>&1 || {
  echo 'this host has no systemd' >&2
  exit 1
}
`

const probeScript = shellScript(
  'probe-unit',
  'probe',
  ['unit'],
  `${needSystemd}if [ -n "$unit" ]; then
  systemctl show ${properties} -- "$unit" || exit 1
  for dir in /etc /run /usr/local/lib /usr/lib /lib; do
    if [ -e "$dir/systemd/system/$unit" ]; then echo "UnitFileOnDisk=$dir/systemd/system/$unit"; break; fi
  done
else
  systemctl show -p NeedDaemonReload -- '*' | sort -u
fi`,
)

/** One round trip. */
export async function probeUnit(host: ProbeHost, order: UnitOrder): Promise<UnitState> {
  const { stdout } = await host.query(probeScript({ unit: order.unit ?? '' }))
  const status = readStatus(stdout.toString('utf8'))
  if (order.unit !== undefined && status.LoadState === undefined)
    throw new ModuleFailure(`systemctl tells nothing of ${order.unit}`)
  return { status }
}

/** Reads the lines of `systemctl show`. Of a property that comes twice, the last counts. */
function readStatus(text: string): UnitStatus {
  const pairs = text.split('\n').flatMap((line) => {
    const at = line.indexOf('=')
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
  })
  return Object.fromEntries(pairs)
}

/** What applying does, in this order. */
export interface UnitWork {
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
  return [...(work.reload ? ['reload the unit files'] : []), ...steps.map((step) => `${step} ${unit}`)]
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

const applyScript = shellScript(
  'apply-unit',
  'apply',
  ['unit', 'reload', 'mask', 'enable', 'verb', 'no_block'],
  `${needSystemd}tell() {
  echo "--- $1"
  systemctl show ${properties} -- "$unit" 2>/dev/null
  echo '---'
  command -v journalctl >/dev/null 2>&1 && journalctl -u "$unit" -n 20 --no-pager -o short-iso 2>/dev/null
  exit 1
}
if [ "$reload" = yes ]; then systemctl daemon-reload || exit 1; fi
if [ -n "$mask" ]; then systemctl "$mask" -- "$unit" >&2 || tell "$mask"; fi
if [ -n "$enable" ]; then systemctl "$enable" -- "$unit" >&2 || tell "$enable"; fi
if [ -n "$verb" ]; then
  if [ "$no_block" = yes ]; then set -- --no-block; else set --; fi
  systemctl "$@" "$verb" -- "$unit" >&2 || tell "$verb"
fi
[ -z "$unit" ] || systemctl show ${properties} -- "$unit"`,
)

const journalScript = shellScript(
  'unit-journal',
  'probe',
  ['unit'],
  `systemctl show ${properties} -- "$unit"
echo '---'
journalctl -u "$unit" -n 20 --no-pager -o short-iso 2>/dev/null
exit 0`,
)

/** @throws ModuleFailure with the end of the journal when the unit does not start or stop */
export async function applyUnit(host: ApplyHost, order: UnitOrder, work: UnitWork): Promise<ResultFields> {
  const { unit = '', no_block, timeout } = order
  const { mask, enable, verb } = work
  const values = { unit, mask, enable, verb, reload: yesNo(work.reload), no_block: yesNo(no_block) }
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

async function timedOut(host: ApplyHost, { unit = '', timeout }: UnitOrder, verb: string): Promise<never> {
  const told = readTold((await host.run(journalScript({ unit }))).stdout.toString('utf8'))
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
