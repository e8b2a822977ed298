import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import pLimit from 'p-limit'
import { busyboxImage } from './busybox.js'
import { LabError } from './errors.js'
import { bootHost, stopHost, wipeHost } from './host.js'
import { systemdImage } from './image.js'
import { renderInventory } from './inventory.js'
import { ensureLabKey, writeKnownHosts } from './keys.js'
import { isTaken, withLock } from './lock.js'
import { removeTree } from './mounts.js'
import { claimNetwork, networkDown, networkUp, refuseForeignBridge } from './network.js'
import { labDir, labFiles } from './paths.js'
import { counts, hostsToMake, type LabSize } from './plan.js'
import { ensureRequirements } from './requirements.js'
import { type Ended, run } from './run.js'
import { type HostRecord, type LabState, readState, recordHost, removeState, writeWhole } from './state.js'

export { LabError } from './errors.js'
export type { LabSize } from './plan.js'

/** A host of the lab. `root` is its file system as the controller sees it. */
export interface LabHost {
  name: string
  address: string
  kind: 'server' | 'agent' | 'busybox'
  root: string
}

/** A lab that is up. Every method throws a LabError for a host that it does not have. */
export interface Lab {
  dir: string
  inventoryPath: string
  hosts: LabHost[]
  /** Stops a host, deletes what it wrote, boots it and waits for its sshd. Its address and ssh host keys stay. */
  fresh(name: string): Promise<void>
  /** Kills a host as a power cut would. It stays down until `boot` or `up`. */
  cut(name: string): Promise<void>
  /** Boots a host that is down and waits for its sshd; does nothing to one that runs. */
  boot(name: string): Promise<void>
  /** Runs a shell command on a host with the system's ssh, as `debian` (busybox: `root`) or as `user`. */
  exec(name: string, command: string, user?: string): Promise<Ended>
}

type Say = (line: string) => void
const silent: Say = () => {}

const locked = <T>(dir: string, work: () => Promise<T>): Promise<T> => {
  mkdirSync(dir, { recursive: true })
  return withLock(labFiles(dir).lock, 300_000, work)
}

/** Makes sure that these hosts run and answer; hosts that run are left alone. @throws LabError */
export const labUp = async (size: LabSize = {}, say: Say = silent, dir = labDir()): Promise<Lab> => {
  const { busybox } = counts(size)
  await ensureRequirements(say)
  return locked(dir, async () => {
    const before = readState(dir)
    refuseForeignBridge(dir, before)
    const images = { systemd: await systemdImage(say), busybox: busybox > 0 ? await busyboxImage() : '' }
    const state = before ?? (await claimNetwork(dir, randomBytes(16).toString('hex')))
    await networkUp(dir, state)
    await ensureLabKey(dir)
    const hosts = [...state.hosts, ...hostsToMake(dir, state, size, images)]
    await bootAll(dir, state, hosts).finally(() => writeFiles(dir))
    await buildStandIns(dir, say)
    return openLab(dir)
  })
}

const bootAll = async (dir: string, state: LabState, hosts: HostRecord[]): Promise<void> => {
  const limit = pLimit(8)
  const boots = hosts.map((host) => limit(() => bootHost(dir, state, host)))
  const failed = (await Promise.allSettled(boots)).flatMap((boot) =>
    boot.status === 'rejected' ? [boot.reason] : [],
  )
  if (failed.length > 0) throw failed[0]
}

const writeFiles = (dir: string): void => {
  const state = stateOf(dir)
  writeKnownHosts(dir, state)
  writeWhole(labFiles(dir).inventory, renderInventory(dir, state), 0o600)
}

/** Hosts without stand-ins are of use to all tests but those of k3s, which fail on what is missing: so this only says so. */
const buildStandIns = async (dir: string, say: Say): Promise<void> => {
  const builder = new URL('./k3s/build.ts', import.meta.url)
  if (!existsSync(builder)) return say('test/lab/k3s/build.ts is not there: no k3s stand-ins were built')
  try {
    const { buildStandIns: build } = (await import(builder.href)) as {
      buildStandIns(dir: string): Promise<void>
    }
    await build(labFiles(dir).k3s)
  } catch (cause) {
    say(`the k3s stand-ins could not be built: ${(cause as Error).message}`)
  }
}

/** Takes the lab down: nothing of it stays but its key, the k3s stand-ins, the logs and the images. True if there was one. */
export const labDown = async (dir = labDir()): Promise<boolean> => {
  // An `up` that was killed at its very beginning leaves its lock alone.
  if (!readState(dir) && !isTaken(labFiles(dir).lock)) {
    refuseForeignBridge(dir, undefined)
    return false
  }
  return locked(dir, async () => {
    const state = readState(dir)
    refuseForeignBridge(dir, state)
    if (!state) return false
    await Promise.all(state.hosts.map((host) => stopHost(host)))
    await removeTree(labFiles(dir).hosts)
    await networkDown(state)
    rmSync(labFiles(dir).inventory, { force: true })
    rmSync(labFiles(dir).knownHosts, { force: true })
    removeState(dir) // last: until here, another `down` would finish what this one could not
    return true
  })
}

/** The state of the lab in `dir`. @throws LabError when there is none. */
export const stateOf = (dir: string): LabState => {
  const state = readState(dir)
  if (state) return state
  throw new LabError(`no lab in ${dir}: run \`npm run lab -- up\` first`)
}

/** A host of the lab in `dir`. @throws LabError when there is no such host, naming those that are. */
export const hostOf = (dir: string, name: string): HostRecord => {
  const { hosts } = stateOf(dir)
  const host = hosts.find((each) => each.name === name)
  if (host) return host
  throw new LabError(`no host ${name} in the lab: it has ${hosts.map((each) => each.name).join(', ')}`)
}

/** The arguments of the system's ssh that reach a host; its own key alone, its recorded host key alone. */
export const sshArguments = (dir: string, host: HostRecord, user?: string): string[] => {
  const { key, knownHosts } = labFiles(dir)
  const options = [
    `UserKnownHostsFile=${knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'IdentitiesOnly=yes',
    'BatchMode=yes',
    'ConnectTimeout=10',
    'LogLevel=ERROR',
  ]
  const login = `${user ?? (host.kind === 'busybox' ? 'root' : 'debian')}@${host.address}`
  return ['-F', '/dev/null', '-i', key, ...options.flatMap((option) => ['-o', option]), login]
}

const fresh = (dir: string, name: string): Promise<void> =>
  locked(dir, async () => {
    const old = hostOf(dir, name)
    await wipeHost(dir, old)
    const image = old.kind === 'busybox' ? await busyboxImage() : await systemdImage(silent)
    const host = { ...old, image, supervisor: undefined }
    recordHost(dir, host)
    await bootHost(dir, stateOf(dir), host)
  })

/** The lab in `dir` that another process brought up. @throws LabError when there is none. */
export const openLab = (dir: string = labDir()): Lab => ({
  dir,
  inventoryPath: labFiles(dir).inventory,
  hosts: stateOf(dir).hosts.map(({ name, address, kind, merged }) => ({ name, address, kind, root: merged })),
  fresh: (name) => fresh(dir, name),
  cut: (name) => locked(dir, () => stopHost(hostOf(dir, name))),
  boot: (name) => locked(dir, () => bootHost(dir, stateOf(dir), hostOf(dir, name))),
  exec: (name, command, user) =>
    run('ssh', [...sshArguments(dir, hostOf(dir, name), user), command], { timeoutMs: 300_000 }),
})
