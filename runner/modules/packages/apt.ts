import { matchesGlob } from '../files/glob.js'
import { type ApplyHost, type Change, ModuleFailure, type ProbeHost, type ResultFields } from '../module.js'
import { outputFields } from '../outcome.js'
import { shellScript } from '../script.js'
import { joinWords } from '../words.js'

/** What is asked of packages. */
export interface PackageOrder {
  /** `name` or `name=version`. */
  readonly names: readonly string[]
  readonly state: 'present' | 'latest' | 'absent'
  readonly update_cache: boolean
  /** In seconds. */
  readonly cache_valid_time: number
  readonly install_recommends?: boolean | undefined
  readonly purge: boolean
  readonly autoremove: boolean
  readonly allow_downgrade: boolean
  /** In seconds. */
  readonly lock_timeout: number
}

/** What the host has. */
export interface PackageState {
  readonly manager: 'apt' | 'none'
  /** Version by name, only of what is installed whole. */
  readonly installed: ReadonlyMap<string, string>
  /** Names that are known to dpkg and not whole: half-installed, or only their configuration is left. */
  readonly remains: ReadonlySet<string>
  /** Names that installed packages stand for (`awk` for `mawk`). */
  readonly provided: ReadonlySet<string>
  /** The version that would be installed, by name; only for `latest`. */
  readonly candidates: ReadonlyMap<string, string>
  /** Seconds since the lists were fetched; Infinity if never. */
  readonly listsAge: number
}

// dpkg-query exits 1 for a name that it does not know, and 2 when it fails.
const probeScript = shellScript(
  'probe-packages',
  'probe',
  ['names', 'latest'],
  `LC_ALL=C
export LC_ALL
command -v apt-get >/dev/null 2>&1 || { echo none; exit 0; }
echo apt
newest=0
for stamp in /var/lib/apt/periodic/update-success-stamp /var/lib/apt/lists/partial /var/lib/apt/lists; do
  [ -e "$stamp" ] || continue
  time=$(stat -c %Y "$stamp") || exit 1
  [ "$time" -gt "$newest" ] && newest=$time
done
if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then newest=0; fi
echo "lists $newest $(date +%s)"
eval "set -- $names"
[ $# -gt 0 ] || exit 0
known=$(dpkg-query -W -f 'package \${db:Status-Status} \${Package} \${Version} \${Architecture}\\n' -- "$@" 2>/dev/null)
status=$?
[ "$status" -le 1 ] || { echo "dpkg-query failed ($status)" >&2; exit 1; }
printf '%s\\n' "$known"
if [ "$(printf '%s\\n' "$known" | grep -c '^package installed ')" -lt $# ]; then
  dpkg-query -W -f '\${db:Status-Status} \${Provides}\\n' | sed -n 's/^installed \\(..*\\)/provides \\1/p'
fi
if [ "$latest" = yes ]; then
  apt-cache policy -- "$@" || exit 1
fi
exit 0`,
)

/** One round trip for all names. */
export async function probePackages(host: ProbeHost, order: PackageOrder): Promise<PackageState> {
  const names = joinWords(order.names.map(bareName))
  const { stdout } = await host.query(probeScript({ names, latest: order.state === 'latest' ? 'yes' : 'no' }))
  return readPackages(stdout.toString('utf8'))
}

const bareName = (name: string) => name.replace(/=.*/, '')

/** Reads what the probe prints. */
function readPackages(text: string): PackageState {
  const installed = new Map<string, string>()
  const remains = new Set<string>()
  const provided = new Set<string>()
  const candidates = new Map<string, string>()
  let listsAge = Number.POSITIVE_INFINITY
  let subject = ''
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/)
    const [kind = '', first = '', second = '', version = '', architecture = ''] = words
    if (kind === 'lists' && Number(first) > 0) listsAge = Number(second) - Number(first)
    else if (kind === 'package' && first === 'installed') {
      installed.set(second, version)
      installed.set(`${second}:${architecture}`, version)
    } else if (kind === 'package' && first !== 'not-installed') remains.add(second)
    else if (kind === 'provides')
      for (const part of line.slice(9).split(',')) provided.add(part.trim().replace(/[ (:].*/, ''))
    else if (/^\S+:$/.test(line)) subject = line.slice(0, -1)
    else if (kind === 'Candidate:' && first !== '(none)') candidates.set(subject, first)
  }
  const manager = text.startsWith('apt\n') ? 'apt' : 'none'
  return { manager, installed, remains, provided, candidates, listsAge }
}

/** What applying does. */
export interface PackageWork {
  readonly names: readonly string[]
  readonly update: boolean
}

/** @throws ModuleFailure on a host without apt */
export function planPackages(order: PackageOrder, state: PackageState): Change<PackageWork> | undefined {
  if (state.manager === 'none')
    throw new ModuleFailure('this host has no apt-get', {}, 'other package managers are not supported')
  const stale = order.update_cache && state.listsAge > order.cache_valid_time
  const names = order.names.filter((name) => differs(order, state, name))
  const update = stale && (names.length > 0 || order.names.length === 0 || order.state === 'latest')
  if (names.length === 0 && !update) return undefined
  const verb = { present: 'install', latest: 'install or upgrade', absent: 'remove' }[order.state]
  const line = (name: string) => `${name} ${state.installed.get(bareName(name)) ?? 'absent'}\n`
  const after = (name: string) =>
    `${name} ${order.state === 'absent' ? 'absent' : versionAfter(state, name)}\n`
  return {
    summary: [...(update ? ['update the package lists'] : []), ...names.map((name) => `${verb} ${name}`)],
    differences: names.length
      ? [{ subject: 'packages', before: names.map(line).join(''), after: names.map(after).join('') }]
      : [],
    // A package brings users, units and commands that only apt knows.
    provides: order.state === 'absent' ? [] : [...names.map((name) => `package:${bareName(name)}`), '*'],
    data: { names: order.state === 'latest' && update ? order.names : names, update },
  }
}

function versionAfter(state: PackageState, name: string): string {
  return /=(.*)/.exec(name)?.[1] ?? state.candidates.get(name) ?? 'installed'
}

function differs({ state: wanted, purge }: PackageOrder, state: PackageState, name: string): boolean {
  const bare = bareName(name)
  const version = state.installed.get(bare)
  if (wanted === 'absent') return version !== undefined || (purge && state.remains.has(bare))
  const asked = /=(.*)/.exec(name)?.[1]
  if (version === undefined)
    return !(asked === undefined && state.provided.has(bare) && !state.remains.has(bare))
  if (asked !== undefined) return !matchesGlob(asked, version)
  const candidate = state.candidates.get(bare)
  return wanted === 'latest' && candidate !== undefined && candidate !== version
}

const applyScript = shellScript(
  'apply-packages',
  'apply',
  ['names', 'verb', 'options', 'update', 'lock_timeout'],
  `LC_ALL=C
DEBIAN_FRONTEND=noninteractive
NEEDRESTART_MODE=l
APT_LISTCHANGES_FRONTEND=none
export LC_ALL DEBIAN_FRONTEND NEEDRESTART_MODE APT_LISTCHANGES_FRONTEND
out=$(mktemp) || exit 1
trap 'rm -f -- "$out"' EXIT
trap 'exit 143' HUP INT TERM
apt() {
  apt-get -y -q -o "DPkg::Lock::Timeout=$lock_timeout" -o Dpkg::Options::=--force-confdef \\
    -o Dpkg::Options::=--force-confold "$@" >"$out" 2>&1 </dev/null
  status=$?
  cat "$out"
  return "$status"
}
# The lock of the package lists is not one that apt waits for, and another boot-time job may hold it.
if [ "$update" = yes ]; then
  left=$lock_timeout
  until apt update; do
    if ! grep -q 'Could not get lock' "$out" || [ "$left" -le 0 ]; then exit 1; fi
    sleep 2
    left=$((left - 2))
  done
fi
eval "set -- $options $verb -- $names"
[ -n "$names" ] || exit 0
if ! apt "$@"; then
  grep -q 'dpkg --configure -a' "$out" || exit 1
  dpkg --force-confdef --force-confold --configure -a </dev/null || exit 1
  apt "$@" || exit 1
fi
exit 0`,
)

const installMs = 30 * 60_000

/** @throws ModuleFailure with what apt said */
export async function applyPackages(
  host: ApplyHost,
  order: PackageOrder,
  work: PackageWork,
): Promise<ResultFields> {
  const verb = order.state === 'absent' ? (order.purge ? 'purge' : 'remove') : 'install'
  const options = joinWords([
    ...(order.install_recommends === undefined ? [] : [recommends(order.install_recommends)]),
    ...(order.allow_downgrade ? ['--allow-downgrades'] : []),
    ...(order.autoremove ? ['--auto-remove'] : []),
  ])
  const values = { names: joinWords(work.names), verb, options, lock_timeout: `${order.lock_timeout}` }
  const script = applyScript({ ...values, update: work.update ? 'yes' : 'no' }, { timeoutMs: installMs })
  const fields = outputFields(await host.run(script))
  const rest = { ...fields, cache_updated: work.update }
  if (fields.rc === 0) return rest
  const said = fields.stdout_lines.filter((line) => /^[EW]: |error|dpkg:/i.test(line)).slice(-5)
  const doing = work.names.length ? `${verb} ${work.names.join(' ')}` : 'update the package lists'
  const hint = /Unable to locate package|no installation candidate/.test(fields.stdout) && !work.update
  throw new ModuleFailure(
    `could not ${doing}: ${said.join('\n') || fields.stderr || `exit code ${fields.rc}`}`,
    rest,
    hint ? 'update_cache: true fetches the package lists first' : undefined,
  )
}

const recommends = (wanted: boolean) => (wanted ? '--install-recommends' : '--no-install-recommends')
