import { randomBytes } from 'node:crypto'
import os from 'node:os'
import type { Config } from '../config/config.js'
import { hostPath, readText, writeFile } from '../core/files.js'
import { Fatal } from '../core/log.js'

/** The node's name: node-name or the host name, lower case, with an id appended on request. */
export function nodeName(config: Config): string {
  const name = (config.str('node-name') ?? os.hostname()).toLowerCase()
  const full = config.bool('with-node-id') ? `${name}-${nodeId()}` : name
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(full))
    throw new Fatal(
      `node name ${JSON.stringify(full)} is invalid: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`,
    )
  return full
}

function kept(file: string, make: () => string, mode: number): string {
  const known = readText(hostPath(file))?.trim()
  if (known !== undefined && known !== '') return known
  const fresh = make()
  writeFile(hostPath(file), fresh, mode)
  return fresh
}

function nodeId(): string {
  return kept('/etc/rancher/node/id', () => randomBytes(4).toString('hex'), 0o600)
}

/** The secret by which the cluster knows this host again. */
export function nodePassword(): string {
  return kept('/etc/rancher/node/password', () => randomBytes(16).toString('hex'), 0o600)
}

/** The address that others use: node-ip, or that of the interface with the default route, or the first found. */
export function nodeIp(config: Config): string {
  const wanted = config.list('node-ip')[0] ?? config.str('advertise-address')
  const external = Object.entries(os.networkInterfaces())
    .filter(([name]) => !/^(lo|cni|flannel|docker|veth|br-)/.test(name))
    .flatMap(([, list]) => list ?? [])
    .filter((address) => !address.internal && address.family === 'IPv4')
    .map((address) => address.address)
  const all = Object.values(os.networkInterfaces()).flatMap((list) =>
    (list ?? []).map((item) => item.address),
  )
  if (wanted !== undefined) {
    if (!all.includes(wanted)) throw new Fatal(`failed to find interface with specified node ip: ${wanted}`)
    return wanted
  }
  return external[0] ?? '127.0.0.1'
}
