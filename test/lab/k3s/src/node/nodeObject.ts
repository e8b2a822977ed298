import os from 'node:os'
import type { KubeObject } from '../api/resources.js'
import type { Config } from '../config/config.js'
import { readText } from '../core/files.js'
import { version } from '../core/version.js'
import { kubeletDriver } from './cgroup.js'

/** Where the stand-in's API finds what a real one asks kubelet for. */
export const driverAnnotation = 'tsplay.lab/kubelet-cgroup-driver'

const secretFlags =
  /^--?(token|t|agent-token|cluster-secret|datastore-endpoint|etcd-s3-(access|secret)-key|vpn-auth)$/

/** The arguments as k3s.io/node-args keeps them: secrets as stars. */
export function maskedArgs(argv: readonly string[]): string[] {
  return argv.map((word, i) => {
    const [name = '', value] = word.split('=')
    if (value !== undefined && secretFlags.test(name)) return `${name}=********`
    return secretFlags.test(argv[i - 1] ?? '') ? '********' : word
  })
}

/** Parses `key=value:Effect` or `key:Effect`. */
export function parseTaint(text: string): { key: string; value?: string; effect: string } {
  const match = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text)
  if (match === null) throw new Error(`invalid taint ${JSON.stringify(text)}`)
  const [, key = '', value, effect = ''] = match
  return { key, ...(value === undefined || value === '' ? {} : { value }), effect }
}

function parseLabels(list: readonly string[]): Record<string, string> {
  return Object.fromEntries(list.map((text) => text.split(/=(.*)/s).slice(0, 2) as [string, string]))
}

function pressure(type: string, reason: string, message: string): Record<string, string> {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z')
  return { type, status: 'False', reason, message, lastHeartbeatTime: now, lastTransitionTime: now }
}

/** The Node as a kubelet registers it; labels and taints of the configuration count here and never again. */
export function newNode(
  name: string,
  config: Config,
  addresses: { type: string; address: string }[],
  argv: readonly string[],
): KubeObject {
  const taints = config.list('node-taint').map(parseTaint)
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/instance-type': 'k3s',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'k3s.io/hostname': name,
        'node.kubernetes.io/instance-type': 'k3s',
        ...parseLabels(config.list('node-label')),
      },
      annotations: {
        'k3s.io/hostname': name,
        'k3s.io/internal-ip': addresses.find((item) => item.type === 'InternalIP')?.address ?? '',
        'k3s.io/node-args': JSON.stringify(maskedArgs(argv)),
        'tsplay.lab/stand-in': 'true',
        [driverAnnotation]: kubeletDriver(config),
      },
    },
    spec: { providerID: `k3s://${name}`, ...(taints.length === 0 ? {} : { taints }) },
    status: {
      addresses,
      capacity: {
        cpu: String(os.cpus().length),
        memory: `${Math.floor(os.totalmem() / 1024)}Ki`,
        pods: '110',
      },
      conditions: [
        pressure('MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        pressure('DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        pressure('PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
      ],
    },
  }
}

/** InternalIP, ExternalIP and Hostname of the node. */
export function nodeAddresses(name: string, ip: string, config: Config): { type: string; address: string }[] {
  const external = config.list('node-external-ip').map((address) => ({ type: 'ExternalIP', address }))
  return [{ type: 'InternalIP', address: ip }, ...external, { type: 'Hostname', address: name }]
}

/** The versions that a Node shows. */
export function nodeInfo(config: Config): Record<string, string> {
  const osImage = /^PRETTY_NAME="?([^"\n]*)/m.exec(readText('/etc/os-release') ?? '')?.[1] ?? 'Linux'
  const runtime = config.bool('docker') ? 'docker://20.10' : 'containerd://2.1.5-k3s1.33'
  return {
    architecture: 'amd64',
    bootID: (readText('/proc/sys/kernel/random/boot_id') ?? '').trim(),
    containerRuntimeVersion: runtime,
    kernelVersion: os.release(),
    kubeProxyVersion: version,
    kubeletVersion: version,
    machineID: (readText('/etc/machine-id') ?? '').trim(),
    operatingSystem: 'linux',
    osImage,
  }
}
