import { matchesGlob } from '../files/glob.js'
import { ModuleFailure } from '../module.js'
import {
  askedVersion,
  bareName,
  managers,
  type PackageChange,
  type PackageOrder,
  type PackageState,
  type Pending,
} from './order.js'
import { compareRpmVersions } from './rpm-version.js'

/** @throws ModuleFailure on a host without the tool */
export function planPackages(order: PackageOrder, state: PackageState): PackageChange | undefined {
  const { manager } = state
  if (manager === 'none') throw new ModuleFailure(`this host has no ${toolOf(order.use)}`)
  const names = [...order.names.filter((name) => differs(order, state, name)), ...debFile(order, state)]
  const whole =
    order.upgrade !== undefined || order.buildDep || (order.autoremove && order.names.length === 0)
  const pending = whole && order.deb === undefined ? state.pending : []
  const newest = order.state === 'latest' || order.upgrade !== undefined
  const update = (order.update_cache && state.listsAge >= order.cache_valid_time) || (newest && state.blind)
  const useful = names.length > 0 || newest || order.buildDep || order.names.length === 0
  const cleans = order.clean !== undefined && state.fetched > 0
  if (names.length === 0 && pending.length === 0 && !(update && useful) && !cleans) return undefined
  const missing = [...state.missing]
  return {
    summary: [
      ...(update ? ['update the package lists'] : []),
      ...names.map((name) => `${verbOf(order)} ${name}`),
      ...pending.map(phrase),
      ...(cleans ? [`remove ${state.fetched} fetched package files`] : []),
    ],
    differences: differences(order, state, names, pending),
    ...(missing.length > 0 ? { requires: missing.map((path) => `file:${path}`) } : {}),
    // A package brings users, units and commands that only its manager knows.
    provides: order.state === 'absent' ? [] : [...names.map((name) => `package:${bareName(name)}`), '*'],
    data: {
      manager,
      names: newest && update ? order.names : names,
      update,
      pending: pending.length > 0 || (update && (order.upgrade !== undefined || order.buildDep)),
    },
  }
}

const toolOf = (use: PackageOrder['use']) =>
  use === 'auto' ? `package manager that is known here (${managers.join(', ')})` : use

const verbOf = ({ state }: PackageOrder) =>
  ({ present: 'install', latest: 'install or upgrade', absent: 'remove' })[state]

function phrase({ name, before, after }: Pending): string {
  if (after === null) return `remove ${name}`
  return before === null ? `install ${name}` : `upgrade ${name}`
}

/** A package file is right where its version is installed, or a newer one; one that is not there yet is not known. */
function debFile({ deb, allow_downgrade }: PackageOrder, { deb: file }: PackageState): string[] {
  if (deb === undefined) return []
  return file?.installed === 'same' || (file?.installed === 'newer' && !allow_downgrade) ? [] : [deb]
}

/**
 * dnf goes back to an older version without a question; the others refuse it themselves.
 * @throws ModuleFailure
 */
function refuseDowngrade(
  order: PackageOrder,
  { manager }: PackageState,
  name: string,
  version: string,
): void {
  const asked = askedVersion(name)
  if (order.allow_downgrade || asked === undefined || (manager !== 'dnf' && manager !== 'yum')) return
  const newer = versionsOf(version).every((one) => compareRpmVersions(one, asked.replaceAll('*', '')) > 0)
  if (newer && !asked.startsWith('*'))
    throw new ModuleFailure(
      `${bareName(name)} is installed in version ${version}, newer than ${asked}`,
      {},
      'allow_downgrade: true takes it back',
    )
}

function differences(
  order: PackageOrder,
  state: PackageState,
  names: readonly string[],
  pending: readonly Pending[],
) {
  if (names.length === 0 && pending.length === 0) return []
  const before = names.map((name) => `${name} ${state.installed.get(bareName(name)) ?? 'absent'}\n`)
  const after = names.map(
    (name) => `${name} ${order.state === 'absent' ? 'absent' : versionAfter(state, name)}\n`,
  )
  const side = (key: 'before' | 'after') => pending.map((one) => `${one.name} ${one[key] ?? 'absent'}\n`)
  return [
    {
      subject: 'packages',
      before: [...before, ...side('before')].join(''),
      after: [...after, ...side('after')].join(''),
    },
  ]
}

function versionAfter(state: PackageState, name: string): string {
  return askedVersion(name) ?? state.candidates.get(name) ?? 'installed'
}

function differs(order: PackageOrder, state: PackageState, name: string): boolean {
  if (order.buildDep || order.upgrade !== undefined) return false
  const { state: wanted, purge, only_upgrade } = order
  const bare = bareName(name)
  const version = state.installed.get(bare)
  if (wanted === 'absent') return version !== undefined || (purge && state.remains.has(bare))
  const asked = askedVersion(name)
  if (version === undefined)
    return !only_upgrade && !(asked === undefined && state.provided.has(bare) && !state.remains.has(bare))
  if (asked !== undefined) {
    if (versionsOf(version).some((one) => matchesGlob(asked, one))) return false
    refuseDowngrade(order, state, name, version)
    return true
  }
  if (wanted !== 'latest') return false
  const candidate = state.candidates.get(bare)
  return state.blind || (candidate !== undefined && candidate !== version)
}

/** A version is also meant by less of it: without its epoch, without its release. */
function versionsOf(version: string): string[] {
  const plain = version.replace(/^\d+:/, '')
  return [version, plain, version.replace(/-[^-]*$/, ''), plain.replace(/-[^-]*$/, '')]
}
