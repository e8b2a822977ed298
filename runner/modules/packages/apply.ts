import { type ApplyHost, ModuleFailure, type ResultFields } from '../module.js'
import { outputFields } from '../outcome.js'
import { shellScript } from '../script.js'
import { joinWords } from '../words.js'
import { commandsOf } from './commands.js'
import type { Commands, PackageOrder, PackageWork } from './order.js'

const applyScript = shellScript(
  'apply-packages',
  'apply',
  [
    'environment',
    'update',
    'main',
    'locked',
    'broken',
    'repair',
    'fine',
    'lock_timeout',
    'retries',
    'max_delay',
  ],
  `LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
eval "$environment"
out=$(mktemp) || exit 1
trap 'rm -f -- "$out"' EXIT
trap 'exit 143' HUP INT TERM
once() {
  "$@" >"$out" 2>&1 </dev/null
  status=$?
  cat "$out"
  case " $fine " in *" $status "*) status=0 ;; esac
  return "$status"
}
# Another run of the tool holds its lock: it is waited for, so long and no longer.
left=$lock_timeout
patiently() {
  until once "$@"; do
    if ! grep -q -e "$locked" "$out" || [ "$left" -le 0 ]; then return 1; fi
    sleep 2
    left=$((left - 2))
  done
}
# shellcheck disable=SC2317 # called by what is evaluated
work() {
  patiently "$@" && return 0
  [ -n "$broken" ] && grep -q -e "$broken" "$out" || return 1
  eval "$repair" </dev/null || return 1
  patiently "$@"
}
eval "set -- $update"
tried=0
pause=1
until [ $# -eq 0 ] || patiently "$@"; do
  [ "$tried" -lt "$retries" ] || exit 1
  tried=$((tried + 1))
  [ "$pause" -le "$max_delay" ] || pause=$max_delay
  sleep "$pause"
  pause=$((pause * 2))
done
eval "$main"
exit 0`,
)

const installMs = 30 * 60_000

/** @throws ModuleFailure with what the tool said */
export async function applyPackages(
  host: ApplyHost,
  order: PackageOrder,
  work: PackageWork,
): Promise<ResultFields> {
  const commands = commandsOf(order, work)
  const script = applyScript(valuesOf(commands, order, work), { timeoutMs: installMs })
  const fields = outputFields(await host.run(script))
  const rest = { ...fields, cache_updated: work.update }
  if (fields.rc === 0) return rest
  const telling = fields.stdout_lines.filter((line) =>
    /^[EW]: |error|warning|dpkg:|fail|not found|locked/i.test(line),
  )
  const said = (telling.length > 0 ? telling : fields.stdout_lines).slice(-5)
  const verb = order.state === 'absent' ? 'remove' : 'install'
  const doing = work.names.length ? `${verb} ${work.names.join(' ')}` : 'update the packages'
  const unknown = /Unable to locate package|no installation candidate|No match for argument|not found/i
  throw new ModuleFailure(
    `could not ${doing} (${work.manager}): ${said.join('\n') || fields.stderr || `exit code ${fields.rc}`}`,
    rest,
    unknown.test(fields.stdout) && !work.update
      ? 'update_cache: true fetches the package lists first'
      : undefined,
  )
}

function valuesOf(commands: Commands, order: PackageOrder, work: PackageWork) {
  const { environment = {}, update, main, locked, broken = '', repair = [], fine = [] } = commands
  return {
    environment: Object.entries(environment)
      .map(([name, value]) => `${name}=${joinWords([value])}; export ${name}`)
      .join('\n'),
    update: work.update ? joinWords(update) : '',
    main: main.map((words) => `work ${joinWords(words)} || exit 1`).join('\n'),
    locked,
    broken,
    repair: joinWords(repair),
    fine: fine.join(' '),
    lock_timeout: `${order.lock_timeout}`,
    retries: `${order.update_cache_retries}`,
    max_delay: `${order.update_cache_retry_max_delay}`,
  }
}
