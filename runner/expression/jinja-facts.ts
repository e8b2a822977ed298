/** Facts under Ansible's names (`ansible_facts.NAME`, `ansible_NAME`), out of ours; the way to each. */
const paths: Readonly<Record<string, readonly string[]>> = {
  architecture: ['machine'],
  default_ipv4: ['network', 'default_ipv4'],
  default_ipv6: ['network', 'default_ipv6'],
  distribution: ['os', 'id'],
  distribution_major_version: ['os', 'major'],
  distribution_release: ['os', 'codename'],
  distribution_version: ['os', 'version'],
  fqdn: ['fqdn'],
  hostname: ['hostname'],
  kernel: ['kernel'],
  local: ['local'],
  machine: ['machine'],
  machine_id: ['machine_id'],
  memfree_mb: ['memory', 'free_mb'],
  memtotal_mb: ['memory', 'total_mb'],
  mounts: ['mounts'],
  nodename: ['hostname'],
  os_family: ['os', 'family'],
  pkg_mgr: ['package_manager'],
  processor_vcpus: ['cpu', 'count'],
  service_mgr: ['init'],
  swapfree_mb: ['memory', 'swap_free_mb'],
  swaptotal_mb: ['memory', 'swap_mb'],
  uptime_seconds: ['uptime_s'],
  user_dir: ['user', 'home'],
  user_id: ['user', 'name'],
  user_uid: ['user', 'uid'],
  virtualization_type: ['virtualization'],
}

/** Ansible writes these names with capitals of their own. */
const spelling: Readonly<Record<string, string>> = {
  ...{
    debian: 'Debian',
    ubuntu: 'Ubuntu',
    rhel: 'RedHat',
    redhat: 'RedHat',
    centos: 'CentOS',
    rocky: 'Rocky',
  },
  ...{
    almalinux: 'AlmaLinux',
    fedora: 'Fedora',
    sles: 'SLES',
    suse: 'Suse',
    alpine: 'Alpine',
    arch: 'Archlinux',
  },
  ...{ 'opensuse-leap': 'openSUSE Leap', amzn: 'Amazon', raspbian: 'Debian' },
}

/** `ansible_hostname` and its like: the name behind the prefix, if there is such a fact. */
export function factNameOf(variable: string): string | undefined {
  const name = variable.startsWith('ansible_') ? variable.slice('ansible_'.length) : ''
  return Object.hasOwn(paths, name) ? name : undefined
}

/** One fact by Ansible's name; `undefined` where it has none here. */
export function ansibleFact(facts: unknown, name: string): unknown {
  if (!Object.hasOwn(paths, name)) return undefined
  let value = facts
  for (const key of paths[name]!)
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
  const isName = name === 'distribution' || name === 'os_family'
  if (isName && typeof value === 'string') return Object.hasOwn(spelling, value) ? spelling[value] : value
  return value
}

/** What `ansible_facts` stands for. */
export function ansibleFacts(facts: unknown): object {
  return Object.fromEntries(
    Object.keys(paths)
      .map((name) => [name, ansibleFact(facts, name)] as const)
      .filter(([, value]) => value !== undefined && value !== null),
  )
}
