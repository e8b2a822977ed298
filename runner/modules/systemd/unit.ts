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
import { loadQuestion, numbered, piecesOf, type Together } from '../together.js'

/** What is asked of a unit. */
export interface UnitOrder {
  /** With its suffix; undefined when only `daemon_reload` is asked for. */
  readonly unit: string | undefined
  readonly state?: 'started' | 'stopped' | 'restarted' | 'reloaded' | undefined
  readonly enabled?: boolean | undefined
  readonly masked?: boolean | undefined
  readonly daemon_reload: boolean
  readonly daemon_reexec: boolean
  readonly no_block: boolean
  /** Links that stand in the way of enabling or masking are replaced. */
  readonly force: boolean
  /** Whose units: the host's, those of the user that the task runs as, or those of every user. */
  readonly scope: 'system' | 'user' | 'global'
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

/** The lines that set what `ctl` and `journal` do, for the manager that is meant. What all users have has no manager to show it. */
export const systemdTools = `ctl() {
  case $scope in
    system) systemctl "$@" ;;
    *) systemctl "--$scope" "$@" ;;
  esac
}
if [ "$scope" = user ]; then
  XDG_RUNTIME_DIR=\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
  export XDG_RUNTIME_DIR
  if [ ! -e "$XDG_RUNTIME_DIR/systemd" ]; then
    echo "$(id -un) has no systemd of its own: no session is open, and it does not linger (loginctl enable-linger)" >&2
    exit 1
  fi
fi
`

const needSystemd = `command -v systemctl >/dev/null 2>&1 || {
  echo 'this host has no systemd' >&2
  exit 1
}
`

/** `unit_file`: where the unit's file stands. */
const unitFile = `unit_file() {
  for dir in "\${HOME-}/.config" /etc /run /usr/local/lib /usr/lib /lib; do
    if [ "$kind" = system ] && [ "$dir" = "\${HOME-}/.config" ]; then continue; fi
    if [ -e "$dir/systemd/$kind/$unit" ]; then
      echo "UnitFileOnDisk=$dir/systemd/$kind/$unit"
      [ "$scope" != global ] || echo LoadState=loaded
      return 0
    fi
  done
  [ "$scope" != global ] || echo LoadState=not-found
}
`

/** `show_unit`: the properties of the unit, and where its file stands. */
export const showUnit = `${unitFile}show_unit() {
  # shellcheck disable=SC2034 # tells the two folders of a scope apart
  case $scope in system) kind=system ;; *) kind=user ;; esac
  if [ -z "$unit" ]; then
    if [ "$scope" != global ]; then ctl show -p NeedDaemonReload -- '*' | sort -u; fi
    return 0
  fi
  if [ "$scope" = global ]; then
    echo "Id=$unit"
    echo "UnitFileState=$(ctl is-enabled -- "$unit" 2>/dev/null)"
  else
    ctl show ${properties} -- "$unit" || exit 1
  fi
  unit_file
}
`

const probeScript = shellScript(
  'probe-unit',
  'probe',
  ['unit', 'scope'],
  `${needSystemd}${systemdTools}${showUnit}show_unit`,
)

const unitsScript = shellScript(
  'probe-units',
  'probe',
  ['count', 'mark'],
  `${needSystemd}${unitFile}${loadQuestion(['unit', 'scope'])}kind=system
set --
i=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  load "$i"
  set -- "$@" "$unit"
done
systemctl show ${properties} -- "$@" || exit 1
printf '\\n%s\\n' "$mark"
for unit in "$@"; do
  unit_file
  printf '\\n%s\\n' "$mark"
done
exit 0`,
)

/** Units of the host: one question to systemd for all of them. */
const together: Together = {
  join(questions) {
    const { vars, mark } = numbered(questions)
    const own = unitsScript({ count: `${questions.length}`, mark })
    return { script: { ...own, vars: { ...own.vars, ...vars } }, answers: (stdout) => shown(stdout, mark) }

    /** What systemd tells of each unit is followed by an empty line. */
    function shown(stdout: Buffer, mark: string): Buffer[] | undefined {
      const [told, ...files] = piecesOf(stdout, mark, questions.length + 1) ?? []
      const units = told?.toString('utf8').split('\n\n') ?? []
      if (units.length !== questions.length) return undefined
      return units.map((unit, at) => Buffer.from(`${unit}\n${files[at]}`))
    }
  },
}

/** One round trip. */
export async function probeUnit(host: ProbeHost, order: UnitOrder): Promise<UnitState> {
  const { unit = '', scope } = order
  const own = probeScript({ unit, scope })
  // A pattern stands for any number of units.
  const isOne = scope === 'system' && unit !== '' && !/[*?[]/.test(unit)
  const { stdout } = await host.query(isOne ? { ...own, together } : own)
  const status = readStatus(stdout.toString('utf8'))
  if (order.unit !== undefined && status.LoadState === undefined)
    throw new ModuleFailure(`systemctl tells nothing of ${order.unit}`)
  return { status }
}

/** Reads the lines of `systemctl show`. Of a property that comes twice, the last counts. */
export function readStatus(text: string): UnitStatus {
  const pairs = text.split('\n').flatMap((line) => {
    const at = line.indexOf('=')
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
  })
  return Object.fromEntries(pairs)
}

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
  ctl show ${properties} -- "$unit" 2>/dev/null
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
[ -z "$unit" ] || [ "$scope" = global ] || ctl show ${properties} -- "$unit"`,
)

const journalScript = shellScript(
  'unit-journal',
  'probe',
  ['unit', 'scope'],
  `${systemdTools}${journal}ctl show ${properties} -- "$unit"
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
