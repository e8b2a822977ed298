import { ModuleFailure } from '../module.js'
import { readNetwork } from './network.js'
import { readOs } from './os.js'
import { readFirewall, readK3s, readProtection } from './services.js'
import { readCgroup, readMemory, readMounts, readVirtualization } from './system.js'

/** What the host said, by name: the lines without the empty ones. */
export type Sections = ReadonlyMap<string, readonly string[]>

/** @throws ModuleFailure when the answer was cut short: half the facts are not facts */
function readSections(text: string): Sections {
  const sections = new Map<string, string[]>()
  let current: string[] = []
  for (const line of text.split('\n')) {
    const name = /^== ([a-z_0-9]+)$/.exec(line)?.[1]
    if (name !== undefined) {
      current = []
      sections.set(name, current)
    } else if (line.trim() !== '') current.push(line)
  }
  if (!sections.has('end')) throw new ModuleFailure('the host’s answer ends before all its facts are told')
  return sections
}

const architectures: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  amd64: 'amd64',
  aarch64: 'arm64',
  arm64: 'arm64',
  armv7l: 'arm',
  armv6l: 'arm',
  i686: '386',
  i386: '386',
}

/**
 * The facts of a host, from what it said.
 * @param asked when the script was sent and when its answer had come, in milliseconds since the epoch, by the controller
 */
export function readFacts(text: string, asked: { readonly startMs: number; readonly endMs: number }) {
  const sections = readSections(text)
  const all = (name: string) => sections.get(name) ?? []
  const first = (name: string) => all(name)[0]?.trim() ?? null
  const machine = first('machine') ?? ''
  const manager = first('package_manager')
  const [user = '', uid = '', home = ''] = all('user')
  return {
    os: readOs(all('os')),
    kernel: first('kernel'),
    machine,
    arch: architectures[machine] ?? machine,
    init: first('init'),
    package_manager: manager === 'apt-get' ? 'apt' : manager,
    cgroup: readCgroup(all('cgroup_mounts'), all('cgroup_controllers'), all('cgroups')),
    virtualization: readVirtualization(first('virtualization'), all('product')),
    cpu: { count: Number(first('cpus') ?? 0) },
    memory: readMemory(all('memory')),
    mounts: readMounts(all('mounts')),
    network: readNetwork(all('links'), all('addresses'), all('routes')),
    hostname: first('hostname'),
    fqdn: first('fqdn') ?? first('hostname'),
    machine_id: first('machine_id'),
    boot_id: first('boot_id'),
    time: readTime(first('time') ?? '', asked),
    ...readProtection(first('selinux'), first('apparmor')),
    firewall: readFirewall(all('ufw'), all('firewalld'), all('nftables'), first('iptables')),
    user: { name: user, uid: Number(uid), home },
    raspberry_pi: first('model')?.startsWith('Raspberry Pi') ? first('model') : null,
    k3s: readK3s(first('k3s'), all('k3s_service')),
  }
}

/**
 * The host's clock. The offset is what it is ahead of the controller's, as far as that is certain: 0 where the host's time
 * lies between asking and answer. A date without nanoseconds (busybox) may be anything in its second.
 */
function readTime(stamp: string, { startMs, endMs }: { startMs: number; endMs: number }) {
  const exact = /^\d{19}$/.test(stamp)
  const from = exact ? Number(BigInt(stamp) / 1_000_000n) : Number(stamp.replace(/\D.*$/, '')) * 1000
  const until = exact ? from : from + 999
  const offset_ms = until < startMs ? until - startMs : from > endMs ? from - endMs : 0
  return { epoch: Math.floor(from / 1000), offset_ms: Math.round(offset_ms) }
}
