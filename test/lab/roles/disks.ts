import { join } from 'node:path'
import type { Lab } from '../lab.js'
import { run } from '../run.js'

/** What a host writes by itself: logs, what systemd, its timers and sudo remember, and where k3s and its pods keep their data. */
const ownWrites =
  /^(var\/tmp\/systemd-private-|var\/lib\/apt\/daily_lock|(var\/(log|backups|lib\/(systemd|private|sudo|dbus|logrotate|rancher|kubelet|cni|containerd|docker))|run|tmp)(\/|$))/

/**
 * All that hosts have written, by `host path`: kind, mode and owner; of what is no folder also its size and when content and inode
 * were last changed. A folder changes with what is in it.
 */
const disks = async (lab: Lab, names: readonly string[]): Promise<Map<string, string>> => {
  const listed = await Promise.all(
    names.map(async (name) => {
      const upper = join(lab.dir, 'hosts', name, 'upper')
      const all = '%P\\t%y %m %U:%G'
      const formats = ['-type', 'd', '-printf', `${all}\\n`, '-o', '-printf', `${all} %s %T@ %C@\\n`]
      const { code, stdout, stderr } = await run('find', [upper, '-mindepth', '1', ...formats])
      if (code !== 0 && !/No such file/.test(stderr)) throw new Error(stderr)
      return stdout
        .split('\n')
        .filter((line) => line !== '' && !ownWrites.test(line))
        .map((line) => [`${name} /${line.split('\t')[0]}`, line.split('\t')[1]!] as const)
    }),
  )
  return new Map(listed.flat())
}

/**
 * Looks at the disks of hosts from outside, now and when the function it returns is called: that tells what was made, changed or
 * deleted on them since, as `host path`, but for what hosts write by themselves.
 */
export const watchDisks = async (lab: Lab, names: readonly string[]): Promise<() => Promise<string[]>> => {
  const before = await disks(lab, names)
  return async () => {
    const after = await disks(lab, names)
    return [...new Set([...before.keys(), ...after.keys()])]
      .filter((path) => before.get(path) !== after.get(path))
      .sort()
  }
}
