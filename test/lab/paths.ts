import { createHash } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LabError } from './errors.js'

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url))

/** Where the images are kept, for every checkout on the machine. */
export const IMAGE_CACHE = '/var/cache/tsplay-lab'
/** What the labs of one machine know of each other; gone with a reboot, as their bridges are. */
export const MACHINE_DIR = '/run/tsplay-lab'
/** Where every systemd host sees the controller's Node.js. */
export const NODE_ON_HOST = '/opt/tsplay-lab/node'

/**
 * The lab's folder: TSPLAY_LAB_DIR, else `.lab` in the checkout.
 * @throws LabError when its path could not stand in mount options and in ssh's arguments.
 */
export const labDir = (): string => {
  const dir = withoutLinks(resolve(process.env.TSPLAY_LAB_DIR || join(CHECKOUT, '.lab')))
  if (/^[\w./+@-]+$/.test(dir)) return dir
  throw new LabError(
    `the lab cannot live in ${dir}: set TSPLAY_LAB_DIR to a path of letters, digits and ./_+@-`,
  )
}

/** The kernel lists mounts under their real paths: through a symbolic link none would be found. */
const withoutLinks = (path: string): string =>
  existsSync(path) ? realpathSync(path) : join(withoutLinks(dirname(path)), basename(path))

/** The files of a lab. */
export const labFiles = (dir: string) => ({
  lock: join(dir, 'lock'),
  hosts: join(dir, 'hosts'),
  logs: join(dir, 'logs'),
  key: join(dir, 'id_ed25519'),
  knownHosts: join(dir, 'known_hosts'),
  inventory: join(dir, 'inventory.yaml'),
  k3s: join(dir, 'k3s'),
})

/** The folders of a host: overlay layers, mount point, ssh host keys, and the log of its console. */
export const hostFiles = (dir: string, name: string) => {
  const home = join(labFiles(dir).hosts, name)
  return {
    home,
    upper: join(home, 'upper'),
    work: join(home, 'work'),
    merged: join(home, 'merged'),
    keys: join(home, 'keys'),
    /** Stands when the host has been given what makes it itself. */
    seeded: join(home, 'seeded'),
    log: join(labFiles(dir).logs, `${name}.log`),
  }
}

/** What a lab is called on the machine, derived from its folder: two labs have two names. */
export const labNames = (dir: string): { bridge: string; mac: string; seed: number } => {
  const hash = createHash('sha256').update(dir).digest()
  const octets = [...hash.subarray(2, 7)].map((byte) => byte.toString(16).padStart(2, '0'))
  return {
    bridge: `tsl${hash.toString('hex', 0, 2)}`,
    mac: ['02', ...octets].join(':'), // 02: locally administered
    seed: hash[7] ?? 0,
  }
}
