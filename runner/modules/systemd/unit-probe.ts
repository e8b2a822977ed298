import { ModuleFailure, type ProbeHost } from '../module.js'
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

/** Those that are asked for, as words of `systemctl show`. */
export const unitProperties =
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

/** Ends the script where systemd is not. */
export const needSystemd = `command -v systemctl >/dev/null 2>&1 || {
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
    ctl show ${unitProperties} -- "$unit" || exit 1
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
systemctl show ${unitProperties} -- "$@" || exit 1
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
    const { script, mark } = numbered(unitsScript, questions)
    // What systemd tells of each unit is followed by an empty line.
    const answers = (stdout: Buffer): Buffer[] | undefined => {
      const [told, ...files] = piecesOf(stdout, mark, questions.length + 1) ?? []
      const units = told?.toString('utf8').split('\n\n') ?? []
      if (units.length !== questions.length) return undefined
      return units.map((unit, at) => Buffer.from(`${unit}\n${files[at]}`))
    }
    return { script, answers }
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
