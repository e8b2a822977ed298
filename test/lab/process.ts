import { readdirSync, readFileSync } from 'node:fs'

/** A process named so that a recycled pid is never mistaken for it: pid, start time in clock ticks since boot, boot id. */
export interface ProcessRef {
  pid: number
  start: string
  boot: string
}

/** The state letter and start time of a /proc/PID/stat line (proc(5), fields 3 and 22). */
export const parseStat = (stat: string): { state: string; start: string } | undefined => {
  // The command name may itself hold spaces and parentheses: fields are counted after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, start] = [fields[0], fields[19]]
  return state && start && /^\d+$/.test(start) ? { state, start } : undefined
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // the process ended meanwhile
  }
}

const bootId = (): string => (read('/proc/sys/kernel/random/boot_id') ?? '').trim()

/** The reference of a running process; undefined when there is none (a zombie has ended too). */
export const refOf = (pid: number): ProcessRef | undefined => {
  const stat = parseStat(read(`/proc/${pid}/stat`) ?? '')
  return stat && stat.state !== 'Z' ? { pid, start: stat.start, boot: bootId() } : undefined
}

/** True when exactly this process still runs. */
export const isAlive = (ref: ProcessRef | undefined): boolean => {
  const now = ref && refOf(ref.pid)
  return now !== undefined && now.start === ref?.start && now.boot === ref.boot
}

/** Kills exactly this process, if it still runs. */
export const killRef = (ref: ProcessRef | undefined): void => {
  if (ref && isAlive(ref)) kill(ref.pid)
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it ended meanwhile
  }
}

/** True when a /proc/PID/cgroup text places the process in the host's own control group (or systemd's scope for it). */
export const inCgroupOf = (machine: string, cgroup: string): boolean =>
  cgroup.split('\n').some((line) => {
    const names = line.slice(line.lastIndexOf(':') + 1).split('/')
    return names.includes(machine) || names.includes(`${machine}.scope`)
  })

/**
 * Pids of everything that runs inside a host, systemd-nspawn included. Killing systemd-nspawn alone leaves the
 * host's init alive, re-parented; the control group is what holds them all, and no other process enters it.
 */
export const processesOf = (machine: string): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && inCgroupOf(machine, read(`/proc/${name}/cgroup`) ?? ''))
    .map(Number)
    .filter((pid) => refOf(pid) !== undefined)

/** Kills everything that runs inside a host; returns how many processes there were. */
export const killProcessesOf = (machine: string): number => {
  const pids = processesOf(machine)
  for (const pid of pids) kill(pid)
  return pids.length
}
