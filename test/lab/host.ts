import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { makeCgroups, removeCgroups, systemdRunsController } from './cgroups.js'
import { LabError } from './errors.js'
import { ensureHostKeys } from './keys.js'
import { currentMounts, mountOverlay, removeNspawnTraces, removeTree, unmountUnder } from './mounts.js'
import { removeLink } from './network.js'
import { nspawnCommand } from './nspawn.js'
import { hostFiles, labFiles } from './paths.js'
import { isAlive, killProcessesOf, killRef, processesOf, refOf } from './process.js'
import { commandEnv, waitFor } from './run.js'
import { seedHost } from './seed.js'
import { type HostRecord, type LabState, recordHost } from './state.js'

const SUPERVISOR = fileURLToPath(new URL('./supervise.sh', import.meta.url))
const BOOT_MS = 60_000

/** True while the host is supposed to run: booted, booting or rebooting. */
export const isRunning = (host: HostRecord): boolean => isAlive(host.supervisor)

/** Boots a host that does not run, making its file system if there is none, and waits until it answers on port 22. */
export const bootHost = async (dir: string, state: LabState, host: HostRecord): Promise<void> => {
  if (isRunning(host)) return waitForSsh(dir, host)
  await stopHost(host) // what a supervisor that was killed left running
  recordHost(dir, { ...host, supervisor: undefined })
  await prepare(dir, state, host)
  await waitForSsh(dir, await start(dir, state, host))
}

const prepare = async (dir: string, state: LabState, host: HostRecord): Promise<void> => {
  const files = hostFiles(dir, host.name)
  for (const folder of [files.upper, files.work, files.merged]) mkdirSync(folder, { recursive: true })
  await ensureHostKeys(dir, host)
  if (currentMounts(files.merged).length === 0) await mountOverlay(host.image, files)
  if (existsSync(files.seeded)) return
  await seedHost(dir, host, state.subnet)
  writeFileSync(files.seeded, '')
}

const start = async (dir: string, state: LabState, host: HostRecord): Promise<HostRecord> => {
  mkdirSync(labFiles(dir).logs, { recursive: true })
  const log = openSync(hostFiles(dir, host.name).log, 'w')
  const command = nspawnCommand(host, state.bridge, systemdRunsController())
  const child = spawn('/bin/sh', [SUPERVISOR, makeCgroups(host.machine).join(' '), ...command], {
    cwd: '/',
    detached: true,
    env: commandEnv(),
    stdio: ['pipe', log, log],
  })
  await once(child, 'spawn')
  closeSync(log)
  const started = { ...host, supervisor: refOf(child.pid ?? 0) }
  recordHost(dir, started)
  child.stdin?.end('go\n')
  child.unref()
  return started
}

const waitForSsh = async (dir: string, host: HostRecord): Promise<void> => {
  let ended = false
  const answered = await waitFor(async () => {
    if ((await banner(host.address)).startsWith('SSH-2.0')) return true
    ended = !isRunning(host)
    return ended
  }, BOOT_MS)
  if (answered && !ended) return
  const { log } = hostFiles(dir, host.name)
  const last = existsSync(log) ? lastLines(readFileSync(log, 'utf8')) : ''
  const what = ended ? 'ended while booting' : `did not answer on port 22 within ${BOOT_MS / 1000} s`
  throw new LabError(`${host.name} ${what}: ${last}; its console: ${log}`)
}

/** The end of a console's text, on one line and without its colours. */
const lastLines = (text: string): string =>
  text
    .replace(/\u001b\[[\d;?]*[A-Za-z]/g, '')
    .split(/[\r\n]+/)
    .filter((line) => line.trim())
    .slice(-3)
    .join(' / ')

/** Ends a host as a power cut would: everything in it is killed. Its files stay, and stay mounted. */
export const stopHost = async (host: HostRecord): Promise<void> => {
  // The supervisor goes by itself when what it runs was killed: so it reaps it, and no zombie is left to PID 1.
  const gone = (): boolean => killProcessesOf(host.machine) === 0 && !isRunning(host)
  if (!(await waitFor(gone, 2_000))) killRef(host.supervisor)
  if (!(await waitFor(gone, 10_000))) {
    throw new LabError(`${host.name}: process ${processesOf(host.machine)[0]} does not die; see ps`)
  }
  await removeLink(host.machine)
  if (!(await removeCgroups(host.machine))) {
    throw new LabError(`${host.name}: its control group ${host.machine} is still in use; try again`)
  }
  removeNspawnTraces(host.machine, host.merged)
}

/** Ends a host and deletes what it wrote, its own ssh keys excepted. */
export const wipeHost = async (dir: string, host: HostRecord): Promise<void> => {
  await stopHost(host)
  const { merged, upper, work, seeded } = hostFiles(dir, host.name)
  await unmountUnder(merged)
  rmSync(seeded, { force: true })
  for (const folder of [upper, work]) await removeTree(folder)
}

/** The first bytes of what listens on the host's port 22; '' when nothing answers within a second. */
const banner = (address: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1_000 })
    const end = (text: string): void => {
      socket.destroy()
      resolve(text)
    }
    socket.once('data', (data) => end(data.toString('latin1')))
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => end(''))
  })
