import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { promisify } from 'node:util'
import type { Config } from '../config/config.js'
import { readText } from '../core/files.js'
import { Fatal } from '../core/log.js'

export type Driver = 'systemd' | 'cgroupfs'

const run = promisify(execFile)

/** The driver that k3s picks for its own containerd and kubelet together. */
export function ownDriver(env: NodeJS.ProcessEnv = process.env): Driver {
  return env.INVOCATION_ID === undefined ? 'cgroupfs' : 'systemd'
}

/** The driver named in a containerd configuration, generated or dumped. */
export function driverInConfig(toml: string): Driver {
  return /^\s*SystemdCgroup\s*=\s*true/m.test(toml) ? 'systemd' : 'cgroupfs'
}

/** The kubelet's driver: what kubelet-arg says, else k3s's own choice; k3s does not sync it with other runtimes. */
export function kubeletDriver(config: Config, env: NodeJS.ProcessEnv = process.env): Driver {
  const given = config.list('kubelet-arg').map((arg) => /^(?:--)?cgroup-driver=(.*)$/.exec(arg)?.[1])
  const driver = given.filter((value) => value !== undefined).at(-1)
  if (driver === 'systemd' || driver === 'cgroupfs') return driver
  if (driver !== undefined)
    throw new Fatal(`failed to run Kubelet: invalid configuration: unknown cgroup driver ${driver}`)
  return config.bool('docker') || config.has('container-runtime-endpoint') ? 'cgroupfs' : ownDriver(env)
}

/** The driver the container runtime really uses. @throws when the runtime cannot be asked */
export async function runtimeDriver(config: Config, containerdConfig: string): Promise<Driver> {
  if (config.bool('docker')) {
    const { stdout } = await run('docker', ['info', '-f', '{{.CgroupDriver}}'], { timeout: 10_000 })
    return stdout.trim() === 'systemd' ? 'systemd' : 'cgroupfs'
  }
  const endpoint = config.str('container-runtime-endpoint')
  if (endpoint === undefined) return driverInConfig(readText(containerdConfig) ?? '')
  const socket = endpoint.replace(/^unix:\/\//, '')
  if (!fs.existsSync(socket)) throw new Error(`dial unix ${socket}: connect: no such file or directory`)
  if (socket.includes('crio')) {
    const { stdout } = await run('crio', ['status', 'config'], { timeout: 10_000 })
    return /cgroup_manager\s*=\s*"cgroupfs"/.test(stdout) ? 'cgroupfs' : 'systemd'
  }
  const { stdout } = await run('containerd', ['config', 'dump'], { timeout: 10_000, maxBuffer: 1 << 22 })
  return driverInConfig(stdout)
}

/** @throws Fatal when the memory cgroup is missing, in k3s's words. */
export function checkCgroups(): void {
  const v2 = readText('/sys/fs/cgroup/cgroup.controllers')
  if (v2 !== undefined) {
    if (!v2.split(/\s+/).includes('memory')) throw new Fatal('failed to find memory cgroup (v2)')
    return
  }
  const memory = (readText('/proc/cgroups') ?? '').split('\n').find((line) => line.startsWith('memory\t'))
  const unified = readText('/sys/fs/cgroup/unified/cgroup.controllers') ?? ''
  const enabled = memory?.trim().endsWith('1') === true || unified.split(/\s+/).includes('memory')
  if (!enabled)
    throw new Fatal(
      'failed to find memory cgroup, you may need to add "cgroup_memory=1 cgroup_enable=memory" to your linux cmdline (/boot/cmdline.txt on a Raspberry Pi)',
    )
}
