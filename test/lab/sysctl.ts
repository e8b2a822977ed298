import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MACHINE_DIR } from './paths.js'

/**
 * The least that the machine's own settings must be while a lab is up: hosts reach the world through it, and every
 * systemd on it takes inotify instances from one purse (128 by default, empty after some 15 hosts).
 */
const LEAST = { 'net.ipv4.ip_forward': 1, 'fs.inotify.max_user_instances': 4096 } as const

const BEFORE = join(MACHINE_DIR, 'sysctl')

const fileOf = (name: string): string => join('/proc/sys', name.replaceAll('.', '/'))

/** Raises what is too low, remembering what it was. The caller holds the machine's lock. */
export const raiseSysctls = (): void => {
  mkdirSync(BEFORE, { recursive: true })
  for (const [name, least] of Object.entries(LEAST)) {
    const value = readFileSync(fileOf(name), 'utf8')
    if (Number(value) >= least) continue
    writeFileSync(join(BEFORE, name), value)
    writeFileSync(fileOf(name), `${least}`)
  }
}

/** Makes what was raised what it was before the first lab. The caller holds the machine's lock. */
export const restoreSysctls = (): void => {
  if (!existsSync(BEFORE)) return
  for (const name of readdirSync(BEFORE)) {
    writeFileSync(fileOf(name), readFileSync(join(BEFORE, name), 'utf8'))
    rmSync(join(BEFORE, name))
  }
  rmSync(BEFORE, { recursive: true })
}
