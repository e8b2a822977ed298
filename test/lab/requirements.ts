import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { LabError } from './errors.js'
import { commandEnv, must, run } from './run.js'

/** A command (or file) the lab needs, and the Debian package that has it. */
const NEEDS: [need: string, debianPackage: string][] = [
  ['debootstrap', 'debootstrap'],
  ['/usr/share/keyrings/debian-archive-keyring.gpg', 'debian-archive-keyring'],
  ['systemd-nspawn', 'systemd-container'],
  ['iptables', 'iptables'],
  ['ip', 'iproute2'],
  ['ssh', 'openssh-client'],
  ['ssh-keygen', 'openssh-client'],
  ['busybox', 'busybox-static'],
  ['dropbear', 'dropbear-bin'],
  ['dropbearkey', 'dropbear-bin'],
]

const CAP_NET_ADMIN = 12n
const CAP_SYS_ADMIN = 21n

const has = (need: string): boolean => {
  const places = need.startsWith('/')
    ? [need]
    : (commandEnv().PATH ?? '').split(delimiter).map((folder) => join(folder, need))
  return places.some((place) => {
    try {
      accessSync(place, need.startsWith('/') ? constants.R_OK : constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

/** The Debian packages that are missing. */
const missingPackages = (): string[] => [
  ...new Set(NEEDS.filter(([need]) => !has(need)).map(([, debianPackage]) => debianPackage)),
]

const isRoot = (): boolean => process.getuid?.() === 0

const canInstall = (): boolean =>
  isRoot() && has('apt-get') && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(text('/etc/os-release'))

const missingRights = (): string[] => {
  if (process.platform !== 'linux') return [`Linux (this is ${process.platform})`]
  if (!isRoot()) return ['root (run it with sudo)']
  const effective = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(text('/proc/self/status'))?.[1] ?? '0'}`)
  const lacks = (bit: bigint): boolean => ((effective >> bit) & 1n) === 0n
  const reasons: string[] = []
  if (lacks(CAP_SYS_ADMIN))
    reasons.push('the right to mount (CAP_SYS_ADMIN): a privileged container, or none')
  if (lacks(CAP_NET_ADMIN))
    reasons.push('the right to make a network (CAP_NET_ADMIN): a privileged container, or none')
  // A kernel whose overlay is a module lists it only once it is loaded; modprobe loads it at the first mount.
  if (!/\boverlay\b/.test(text('/proc/filesystems')) && !existsSync('/lib/modules'))
    reasons.push('overlayfs in the kernel')
  return reasons
}

/**
 * Why no lab can be brought up here, one reason a line; empty when it can. Changes nothing. Packages that `up` can
 * install itself (as root on Debian or Ubuntu) are no reason.
 */
export const missingRequirements = (): string[] => {
  const packages = missingPackages()
  const rights = missingRights()
  return packages.length === 0 || canInstall() ? rights : [...rights, `packages: ${packages.join(' ')}`]
}

/** Installs missing packages. @throws LabError naming everything that is missing when that is not enough. */
export const ensureRequirements = async (say: (line: string) => void): Promise<void> => {
  const missing = missingRequirements()
  if (missing.length > 0) throw new LabError(`the lab needs what this machine lacks: ${missing.join('; ')}`)
  const packages = missingPackages()
  if (packages.length === 0) return
  say(`installing ${packages.join(' ')}`)
  await run('apt-get', ['update', '-qq'], { timeoutMs: 300_000 })
  const install = [
    '-o',
    'DPkg::Lock::Timeout=120',
    'install',
    '-y',
    '-qq',
    '--no-install-recommends',
    ...packages,
  ]
  await must('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', ...install], { timeoutMs: 600_000 })
  const still = missingPackages()
  if (still.length > 0)
    throw new LabError(`apt-get installed ${packages.join(' ')}, yet missing: ${still.join(' ')}`)
}
