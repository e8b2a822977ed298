import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { waitFor } from './run.js'

/** True when systemd runs the controller: it alone may then make control groups, and systemd-nspawn asks it to. */
export const systemdRunsController = (): boolean => existsSync('/run/systemd/system')

/** Mount points of the control group hierarchies, versions 1 and 2, in a /proc/self/mountinfo text. */
export const cgroupMounts = (mountinfo: string): string[] =>
  mountinfo
    .split('\n')
    .filter((line) => /^cgroup2? /.test(line.split(' - ')[1] ?? ''))
    .map((line) => line.split(' ')[4] ?? '')

const PARENT = 'tsplay-lab'

const hierarchies = (): string[] =>
  systemdRunsController() ? [] : cgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'))

/**
 * Makes the host's control group in every hierarchy and returns them. Without one, hosts on a controller without
 * systemd would share the root group, and each would see the others' services as its own.
 */
export const makeCgroups = (machine: string): string[] =>
  hierarchies().map((mount) => {
    const dir = join(mount, PARENT, machine)
    for (const each of [dirname(dir), dir]) {
      mkdirSync(each, { recursive: true })
      inheritCpuset(each)
    }
    return dir
  })

/** A version 1 cpuset admits no process before it has its CPUs and memory nodes. */
const inheritCpuset = (dir: string): void => {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (existsSync(join(dir, 'cgroup.clone_children')) && existsSync(join(dir, file))) {
      writeFileSync(join(dir, file), readFileSync(join(dirname(dir), file), 'utf8'))
    }
  }
  if (existsSync(join(dir, 'cpuset.cpus')) && existsSync(join(dir, 'cgroup.clone_children'))) {
    writeFileSync(join(dir, 'cgroup.clone_children'), '1')
  }
}

/** Removes a host's control groups, once nothing runs in them; true when they are gone. */
export const removeCgroups = async (machine: string): Promise<boolean> => {
  const gone = await Promise.all(hierarchies().map((mount) => removeGroup(join(mount, PARENT, machine))))
  for (const mount of hierarchies()) tryRemove(join(mount, PARENT)) // stays while another host is in it
  return gone.every(Boolean)
}

const removeGroup = (dir: string): Promise<boolean> =>
  waitFor(() => {
    removeDeepestFirst(dir)
    return !existsSync(dir)
  }, 5_000)

const removeDeepestFirst = (dir: string): void => {
  if (!existsSync(dir)) return
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) removeDeepestFirst(join(dir, entry.name))
  }
  tryRemove(dir)
}

const tryRemove = (dir: string): void => {
  try {
    rmdirSync(dir)
  } catch {
    // gone, or a process is just leaving it: the caller asks again
  }
}
