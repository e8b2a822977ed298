import { join } from 'node:path'
import { labFiles } from './paths.js'
import type { HostRecord, LabState } from './state.js'

/** The oldest of the k3s versions that the lab has stand-ins for: an upgrade has somewhere to go from it. */
const K3S_VERSION = 'v1.33.6+k3s1'

/** A JSON string is a YAML scalar that no YAML version reads as anything but that string. */
const quoted = (value: string | number | boolean): string => JSON.stringify(value)

const lines = (indent: number, entries: [string, string | number | boolean][]): string[] =>
  entries.map(([key, value]) => `${' '.repeat(indent)}${key}: ${quoted(value)}`)

const hostsOf = (indent: number, hosts: HostRecord[]): string[] => {
  const pad = ' '.repeat(indent)
  if (hosts.length === 0) return [`${pad}hosts: {}`]
  return [
    `${pad}hosts:`,
    ...hosts.map(({ name, address }) => `${pad}  ${name}: { ansible_host: ${quoted(address)} }`),
  ]
}

/** The inventory of a lab, in the shape of k3s-ansible's: groups server and agent under k3s_cluster, and its variables. */
export const renderInventory = (dir: string, state: LabState): string => {
  const { key, knownHosts, k3s } = labFiles(dir)
  const of = (kind: HostRecord['kind']): HostRecord[] => state.hosts.filter((host) => host.kind === kind)
  const connection: [string, string | number][] = [
    ['ansible_port', 22],
    ['ansible_ssh_private_key_file', key],
    ['ansible_ssh_common_args', `-o UserKnownHostsFile=${knownHosts}`],
  ]
  const cluster: [string, string | boolean][] = [
    ['ansible_become', true],
    ['k3s_version', K3S_VERSION],
    ['airgap_dir', join(k3s, K3S_VERSION)],
    ['token', state.token],
    ['api_endpoint', of('server')[0]?.address ?? ''],
    ['cluster_context', 'tsplay-lab'],
  ]
  const text = [
    '# Written by `npm run lab -- up`: changes are overwritten.',
    'k3s_cluster:',
    '  children:',
    '    server:',
    ...hostsOf(6, of('server')),
    '    agent:',
    ...hostsOf(6, of('agent')),
    '  vars:',
    ...lines(4, [['ansible_user', 'debian'], ...connection, ...cluster]),
  ]
  const boxes = of('busybox')
  if (boxes.length > 0) {
    text.push(
      'busybox:',
      ...hostsOf(2, boxes),
      '  vars:',
      ...lines(4, [['ansible_user', 'root'], ...connection]),
    )
  }
  return `${text.join('\n')}\n`
}
