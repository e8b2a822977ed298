import { findPath } from '../files/fragments.js'
import type { ProbeHost } from '../module.js'
import { shellScript } from '../script.js'
import { joinWords } from '../words.js'
import { askApt } from './ask-apt.js'
import { askApk, askPacman } from './ask-others.js'
import { askRpm } from './ask-rpm.js'
import {
  bareName,
  type ManagerName,
  managers,
  type PackageOrder,
  type PackageState,
  type Pending,
} from './order.js'

const script = shellScript(
  'probe-packages',
  'probe',
  ['manager', 'names', 'latest', 'deb', 'simulate', 'clean', 'probe_options', 'apk_database'],
  `${findPath}LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
has() { command -v "$1" >/dev/null 2>&1; }
newer() {
  time=$(stat -c %Y "$1") || exit 1
  if [ "$time" -gt "$newest" ]; then newest=$time; fi
}
${askApt}${askRpm}${askPacman}${askApk}if [ "$manager" = auto ]; then
  manager=none
  for tool in ${managers.join(' ')}; do
    case $tool in apt) program=apt-get ;; *) program=$tool ;; esac
    if has "$program"; then
      manager=$tool
      break
    fi
  done
elif [ "$manager" = apt ]; then has apt-get || manager=none
else
  [ "$manager" != dnf ] || has dnf || manager=yum
  has "$manager" || manager=none
fi
echo "manager $manager"
eval "set -- $names"
case $manager in
  apt) ask_apt "$@" ;;
  dnf | yum | zypper) ask_rpm "$@" ;;
  pacman) ask_pacman "$@" ;;
  apk) ask_apk "$@" ;;
esac
exit 0`,
)

/** One round trip for all names. */
export async function probePackages(
  host: ProbeHost,
  order: PackageOrder,
  apkDatabase = '/lib/apk/db/installed',
): Promise<PackageState> {
  const { stdout } = await host.query(
    script({
      manager: order.use,
      names: joinWords(order.names.map(bareName)),
      latest: order.upgrade === undefined ? (order.state === 'latest' ? 'yes' : 'no') : 'all',
      deb: order.deb ?? '',
      simulate: joinWords(simulated(order)),
      clean: order.clean ?? '',
      probe_options: joinWords(order.probeOptions),
      apk_database: apkDatabase,
    }),
  )
  return readPackages(stdout.toString('utf8'))
}

/** What apt-get is asked to play through, where dpkg alone cannot tell what would happen. */
function simulated({ upgrade, buildDep, autoremove, names, deb, options }: PackageOrder): string[] {
  if (upgrade !== undefined) return [...options, upgrade]
  if (buildDep) return [...options, 'build-dep', ...names]
  return autoremove && names.length === 0 && deb === undefined ? ['autoremove'] : []
}

/** Reads what the probe prints. */
export function readPackages(text: string): PackageState {
  const installed = new Map<string, string>()
  const remains = new Set<string>()
  const provided = new Set<string>()
  const candidates = new Map<string, string>()
  const pending: Pending[] = []
  const missing = new Set<string>()
  let manager: PackageState['manager'] = 'none'
  let listsAge = Number.POSITIVE_INFINITY
  let fetched = 0
  let subject = ''
  let deb: PackageState['deb']
  const readers: Readonly<Record<string, (words: readonly string[], line: string) => void>> = {
    manager: ([name = 'none']) => {
      manager = name as ManagerName
    },
    lists: ([newest, now]) => {
      if (Number(newest) > 0) listsAge = Number(now) - Number(newest)
    },
    package: ([status, name = '', version = '', architecture = '']) => {
      if (status === 'installed') {
        installed.set(name, version)
        installed.set(`${name}:${architecture}`, version)
      } else if (status !== 'not-installed') remains.add(name)
    },
    provides: (_words, line) => {
      for (const part of line.slice('provides '.length).split(','))
        provided.add(part.trim().replace(/[ (:].*/, ''))
    },
    candidate: ([name = '', version = '']) => candidates.set(name, version),
    deb: ([name = '', version = '', known = '']) => {
      deb = { name, version, installed: known }
    },
    will: (_words, line) => pending.push(readPending(line)),
    fetched: ([count]) => {
      fetched = Number(count)
    },
    missing: (_words, line) => missing.add(line.slice('missing '.length)),
    'Candidate:': ([version = '']) => {
      if (version !== '(none)') candidates.set(subject, version)
    },
  }
  const lines = text.split('\n')
  for (const line of lines) {
    const [kind = '', ...words] = line.trim().split(/\s+/)
    if (Object.hasOwn(readers, kind)) readers[kind]!(words, line.trim())
    else if (/^\S+:$/.test(line)) subject = line.slice(0, -1)
  }
  const blind = lines.includes('blind')
  const found = {
    manager,
    installed,
    remains,
    provided,
    candidates,
    pending,
    missing,
    blind,
    listsAge,
    fetched,
  }
  return deb ? { ...found, deb } : found
}

/** `will Inst NAME [OLD] (NEW …)`, `will Remv NAME [OLD]`. */
function readPending(line: string): Pending {
  const [, verb, name = '', rest = ''] = /^will (Inst|Remv) (\S+)(.*)$/.exec(line) ?? []
  const old = /^ \[([^\]]*)\]/.exec(rest)
  const before = old ? old[1] || 'installed' : null
  return { name, before, after: verb === 'Remv' ? null : (/\((\S+?)[\s)]/.exec(rest)?.[1] ?? '') }
}
