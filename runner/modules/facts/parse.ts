import { ModuleFailure } from '../module.js'
import { type FactGroup, factGroups } from './groups.js'
import { readLocal } from './local.js'
import { readNetwork } from './network.js'
import { readOs } from './os.js'
import { readFirewall, readK3s, readProtection } from './services.js'
import {
  readCgroup,
  readCpu,
  readDisks,
  readMemory,
  readMounts,
  readSwaps,
  readVirtualization,
} from './system.js'

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

/** When a script was sent and when its answer had come, in milliseconds since the epoch, by the controller. */
interface Asked {
  readonly startMs: number
  readonly endMs: number
}

/** The facts of a host, from what it said: those of the groups that were asked for. */
export function readFacts(text: string, asked: Asked, groups: readonly FactGroup[] = factGroups) {
  const sections = readSections(text)
  const answer: Answer = {
    all: (name) => sections.get(name) ?? [],
    first: (name) => sections.get(name)?.[0]?.trim() ?? null,
  }
  const has = (group: FactGroup) => groups.includes(group)
  return {
    ...(has('min') ? { ...readMin(answer), time: readTime(answer, asked) } : {}),
    ...(has('hardware') ? readHardware(answer) : {}),
    ...(has('network') ? { network: readNetworkOf(answer) } : {}),
    ...(has('virtual') ? { virtualization: readVirtualizationOf(answer) } : {}),
    ...(has('firewall') ? { firewall: readFirewallOf(answer) } : {}),
    ...(has('k3s')
      ? { k3s: readK3s(answer.first('k3s'), answer.all('k3s_service'), answer.first('k3s_server')) }
      : {}),
    ...(has('local') ? { local: readLocal(answer.all('local')) } : {}),
  }
}

/** The lines of a section, and the first of them. */
interface Answer {
  all(name: string): readonly string[]
  first(name: string): string | null
}

function readMin({ all, first }: Answer) {
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
    cmdline: first('cmdline') ?? '',
    uptime_s: Math.floor(Number(first('uptime')?.split(' ')[0] ?? 0)),
    hostname: first('hostname'),
    fqdn: first('fqdn') ?? first('hostname'),
    machine_id: first('machine_id'),
    boot_id: first('boot_id'),
    ...readProtection(first('selinux'), first('apparmor')),
    user: { name: user, uid: Number(uid), home },
  }
}

function readHardware({ all, first }: Answer) {
  return {
    cpu: readCpu(first('cpus'), all('cpuinfo')),
    memory: readMemory(all('memory')),
    swaps: readSwaps(all('swaps')),
    disks: readDisks(all('disks')),
    mounts: readMounts(all('mounts')),
    raspberry_pi: first('model')?.startsWith('Raspberry Pi') ? first('model') : null,
  }
}

const readNetworkOf = ({ all }: Answer) =>
  readNetwork({
    links: all('links'),
    addresses: all('addresses'),
    routes: all('routes'),
    routes6: all('routes6'),
    table: all('route_table'),
    dns: all('dns'),
  })

const readVirtualizationOf = ({ all, first }: Answer) =>
  readVirtualization(first('virtualization'), first('container'), all('product'))

const readFirewallOf = ({ all, first }: Answer) =>
  readFirewall({
    ufw: all('ufw'),
    firewalld: all('firewalld'),
    nftables: all('nftables'),
    tables: all('nft_tables'),
    iptables: first('iptables'),
    filter: all('iptables_filter'),
  })

/**
 * The host's clock. The offset is what it is ahead of the controller's, as far as that is certain: 0 where the host's time
 * lies between asking and answer. A date without nanoseconds (busybox) may be anything in its second.
 */
function readTime({ first }: Answer, { startMs, endMs }: Asked) {
  const stamp = first('time') ?? ''
  const [zone = 'UTC', utc_offset = '+0000'] = first('zone')?.split(' ') ?? []
  const exact = /^\d{19}$/.test(stamp)
  const from = exact ? Number(BigInt(stamp) / 1_000_000n) : Number(stamp.replace(/\D.*$/, '')) * 1000
  const until = exact ? from : from + 999
  const offset_ms = until < startMs ? until - startMs : from > endMs ? from - endMs : 0
  return { epoch: Math.floor(from / 1000), offset_ms: Math.round(offset_ms), zone, utc_offset }
}
