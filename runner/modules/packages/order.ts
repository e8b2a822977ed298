import type { Change } from '../module.js'

/** The tools that packages come by, in the order in which they are looked for: openSUSE may have dnf too. */
export const managers = ['apt', 'zypper', 'dnf', 'yum', 'pacman', 'apk'] as const

export type ManagerName = (typeof managers)[number]

/** What is asked of packages, whatever tool brings them. */
export interface PackageOrder {
  /** `auto`: the first that the host has. */
  readonly use: ManagerName | 'auto'
  /** `name` or `name=version`; with rpm also `name-version`, and the path or URL of a package. */
  readonly names: readonly string[]
  readonly state: 'present' | 'latest' | 'absent'
  readonly update_cache: boolean
  /** In seconds. */
  readonly cache_valid_time: number
  /** In seconds. */
  readonly lock_timeout: number
  /** Bring everything that is installed to its newest version. With apt, how: the verb of apt-get. */
  readonly upgrade?: string | undefined
  /** Remove what nothing needs any more. */
  readonly autoremove: boolean
  /** Only packages that are installed: nothing new comes. */
  readonly only_upgrade: boolean
  readonly allow_downgrade: boolean
  /** The configuration files go too (apt, pacman, apk). */
  readonly purge: boolean
  /** Of apt. */
  readonly install_recommends?: boolean | undefined
  /** A package file of the host (apt). */
  readonly deb?: string | undefined
  /** Install what building these needs (apt). */
  readonly buildDep: boolean
  /** Remove package files that were fetched (apt): all of them, or those that are outdated. */
  readonly clean?: 'clean' | 'autoclean' | undefined
  /** What dpkg does with changed configuration files, with commas (apt). */
  readonly dpkg_options: string
  /** How often fetching the lists is tried again, and the longest wait between two tries, in seconds. */
  readonly update_cache_retries: number
  readonly update_cache_retry_max_delay: number
  /** Words for the tool, before the names; for the probe too where they choose repositories. */
  readonly options: readonly string[]
  readonly probeOptions: readonly string[]
}

/** An order with nothing special about it. */
export const plainOrder: Omit<PackageOrder, 'use' | 'names' | 'state'> = {
  update_cache: false,
  cache_valid_time: 3600,
  lock_timeout: 120,
  autoremove: false,
  only_upgrade: false,
  allow_downgrade: false,
  purge: false,
  buildDep: false,
  dpkg_options: 'force-confdef,force-confold',
  update_cache_retries: 0,
  update_cache_retry_max_delay: 12,
  options: [],
  probeOptions: [],
}

/** One package that the tool itself says it would install, upgrade or remove. Null: not there. */
export interface Pending {
  readonly name: string
  readonly before: string | null
  readonly after: string | null
}

/** What the host has. */
export interface PackageState {
  readonly manager: ManagerName | 'none'
  /** Version by the name that was asked for, only of what is installed whole. */
  readonly installed: ReadonlyMap<string, string>
  /** Names that are known to dpkg and not whole: half-installed, or only their configuration is left. */
  readonly remains: ReadonlySet<string>
  /** Names that installed packages stand for (`awk` for `mawk`). */
  readonly provided: ReadonlySet<string>
  /** The version that would be installed, by name; only for `latest`. */
  readonly candidates: ReadonlyMap<string, string>
  /** What upgrading everything, or removing what is not needed, would do. */
  readonly pending: readonly Pending[]
  /** The package file that was asked for, compared with what is installed of its name. */
  readonly deb?: { readonly name: string; readonly version: string; readonly installed: string }
  /** How many package files `clean` would remove. */
  readonly fetched: number
  /** Names of package files that are not there. */
  readonly missing: ReadonlySet<string>
  /** The host has no lists of packages yet: what is newest cannot be told before they are fetched. */
  readonly blind: boolean
  /** Seconds since the lists were fetched; Infinity if never. */
  readonly listsAge: number
}

/** What applying does. */
export interface PackageWork {
  readonly manager: ManagerName
  readonly names: readonly string[]
  readonly update: boolean
  /** Also what is pending. */
  readonly pending: boolean
}

export type PackageChange = Change<PackageWork>

/** The commands of a tool, as words, and how it says what went wrong. */
export interface Commands {
  /** Fetches the lists; run first, where asked for. */
  readonly update: readonly string[]
  readonly main: readonly (readonly string[])[]
  /** Basic regular expressions on the output: another run holds the lock; an earlier run was cut off. */
  readonly locked: string
  readonly broken?: string
  /** What puts right what was cut off. */
  readonly repair?: readonly string[]
  /** Exit codes that mean success, besides 0. */
  readonly fine?: readonly number[]
  readonly environment?: Readonly<Record<string, string>>
}

/** A name without the version that is asked for. */
export const bareName = (name: string) => name.replace(/=.*/, '')

/** The version that is asked for, if one is. */
export const askedVersion = (name: string) => /=(.*)/.exec(name)?.[1]
