import { ModuleFailure } from '../module.js'
import { askedVersion, bareName, type Commands, type PackageOrder, type PackageWork } from './order.js'

/** The words that do the work, for the tool that the host has. */
export function commandsOf(order: PackageOrder, work: PackageWork): Commands {
  switch (work.manager) {
    case 'apt':
      return apt(order, work)
    case 'dnf':
    case 'yum':
      return dnf(order, work)
    case 'zypper':
      return zypper(order, work)
    case 'pacman':
      return pacman(order, work)
    case 'apk':
      return apk(order, work)
  }
}

const when = (condition: boolean | undefined, ...words: readonly string[]) => (condition ? words : [])

function apt(order: PackageOrder, { names, pending }: PackageWork): Commands {
  const tool = ['apt-get', '-y', '-q', '-o', `DPkg::Lock::Timeout=${order.lock_timeout}`]
  const dpkg = order.dpkg_options.split(',').map((option) => `--${option}`)
  const kept = dpkg.flatMap((option) => ['-o', `Dpkg::Options::=${option}`])
  const recommends = order.install_recommends
  const options = [
    ...when(recommends !== undefined, `--${recommends ? '' : 'no-'}install-recommends`),
    ...when(order.allow_downgrade, '--allow-downgrades'),
    ...when(order.only_upgrade, '--only-upgrade'),
    ...when(order.autoremove, '--auto-remove'),
    ...order.options,
  ]
  const run = (...words: readonly string[]) => [...tool, ...kept, ...options, ...words]
  const verb = order.state === 'absent' ? (order.purge ? 'purge' : 'remove') : 'install'
  const whole = order.upgrade ?? (order.buildDep ? 'build-dep' : 'autoremove')
  const subjects = order.buildDep ? ['--', ...order.names] : []
  return {
    update: [...tool, 'update'],
    main: [
      ...when(names.length > 0, 'x').map(() => run(verb, '--', ...names)),
      ...when(pending, 'x').map(() =>
        run(whole, ...when(order.purge && whole === 'autoremove', '--purge'), ...subjects),
      ),
      ...(order.clean ? [[...tool, order.clean]] : []),
    ],
    // The lock of the package lists is not one that apt waits for, and another boot-time job may hold it.
    locked: 'Could not get lock',
    broken: 'dpkg --configure -a',
    repair: ['dpkg', ...dpkg, '--configure', '-a'],
    environment: {
      DEBIAN_FRONTEND: 'noninteractive',
      NEEDRESTART_MODE: 'l',
      APT_LISTCHANGES_FRONTEND: 'none',
    },
  }
}

/** `name=version` is `name-version` to dnf, which compares it with the parts of a version that are given. */
const rpmName = (name: string) => {
  const version = askedVersion(name)
  return version === undefined ? name : `${bareName(name)}-${version}`
}

function dnf(order: PackageOrder, { manager, names, pending }: PackageWork): Commands {
  // yum of old knows no setting of that kind; its lock is waited for all the same, by its message.
  const tool = [manager, '-y', ...when(manager === 'dnf', '--setopt=exit_on_lock=True'), ...order.options]
  const packages = names.map(rpmName)
  const verb =
    order.state === 'absent'
      ? 'remove'
      : order.only_upgrade || order.upgrade !== undefined
        ? 'upgrade'
        : 'install'
  const here = names.filter((name) => !name.endsWith('.rpm'))
  const also =
    order.state === 'latest' && verb === 'install' && here.length > 0
      ? [['upgrade', '--', ...here.map(rpmName)]]
      : []
  const install = names.length > 0 ? [[verb, '--', ...packages]] : []
  const down = order.allow_downgrade && manager === 'yum' ? [['downgrade', '--', ...packages]] : []
  return {
    update: [...tool, 'makecache', ...when(manager === 'dnf', '--refresh')],
    main: [
      ...install,
      ...(names.length > 0 ? [...also, ...down] : []),
      ...(pending ? [[order.upgrade ?? 'autoremove']] : []),
    ].map((words) => [...tool, ...words]),
    locked:
      '[Ll]ock.*held by\\|currently locked\\|transaction lock\\|Waiting for process\\|Existing lock\\|already running',
  }
}

function zypper(order: PackageOrder, { names, pending }: PackageWork): Commands {
  const tool = ['zypper', '--non-interactive', ...order.probeOptions]
  const verb = order.state === 'absent' ? 'remove' : order.only_upgrade ? 'update' : 'install'
  const upgraded = order.upgrade ?? 'update'
  const own =
    order.state === 'absent'
      ? when(order.autoremove, '--clean-deps')
      : ['--auto-agree-with-licenses', ...order.options]
  const down = when(order.allow_downgrade && verb === 'install', '--oldpackage')
  return {
    update: [...tool, 'refresh'],
    main: [
      ...(names.length > 0 ? [[...tool, verb, ...own, ...down, '--', ...names]] : []),
      ...(pending ? [[...tool, upgraded, ...own]] : []),
    ],
    locked: 'System management is locked',
    // Done, but: a reboot is due, zypper itself was upgraded, a repository was passed over.
    fine: [102, 103, 106],
    environment: { ZYPP_LOCK_TIMEOUT: `${order.lock_timeout}` },
  }
}

function pacman(order: PackageOrder, { names, pending }: PackageWork): Commands {
  const versioned = names.find((name) => askedVersion(name) !== undefined)
  if (versioned !== undefined && order.state !== 'absent')
    throw new ModuleFailure(`pacman installs the version of its repository only: ${versioned}`)
  const tool = ['pacman', '--noconfirm', '--noprogressbar']
  const remove = ['-R', ...when(order.autoremove, '-s'), ...when(order.purge, '-n')]
  const verb = order.state === 'absent' ? remove : ['-S', '--needed']
  return {
    update: [...tool, '-Sy'],
    main: [
      ...(names.length > 0 ? [[...tool, ...verb, ...order.options, '--', ...names.map(bareName)]] : []),
      ...(pending ? [[...tool, '-Su', ...order.options]] : []),
    ],
    locked: 'unable to lock database',
  }
}

function apk(order: PackageOrder, { names, pending }: PackageWork): Commands {
  const tool = ['apk', '--wait', `${order.lock_timeout}`]
  const verb =
    order.state === 'absent'
      ? ['del', ...when(order.purge, '--purge')]
      : ['add', ...when(order.state === 'latest', '-u')]
  return {
    update: [...tool, 'update'],
    main: [
      ...(names.length > 0 ? [[...tool, ...verb, ...order.options, ...names]] : []),
      ...(pending ? [[...tool, 'upgrade', ...order.options]] : []),
    ],
    locked: 'Unable to lock database',
  }
}
