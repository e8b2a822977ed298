/** Facts are asked for by group; a group that was not asked for is missing from `facts`. */
export const factGroups = ['min', 'hardware', 'network', 'virtual', 'firewall', 'k3s', 'local'] as const

export type FactGroup = (typeof factGroups)[number]

/** Ansible's finer names, by the group that holds what they name. */
const finer: Readonly<Record<string, FactGroup>> = {
  ...byName('min', 'apparmor caps cmdline date_time distribution env fips kernel lsb machine machine_id'),
  ...byName('min', 'pkg_mgr platform python selinux service_mgr ssh_pub_keys system user'),
  ...byName('hardware', 'devices mounts processor memory'),
  ...byName('network', 'default_ipv4 default_ipv6 dns interfaces'),
  ...byName('virtual', 'virtualization_role virtualization_type'),
}

/** Other programs that Ansible can ask; here there is nothing to leave out, and nothing comes of asking. */
const foreign = new Set(['facter', 'ohai'])

function byName(group: FactGroup, names: string): Record<string, FactGroup> {
  return Object.fromEntries(names.split(' ').map((name) => [name, group]))
}

const groupOf = (name: string): FactGroup | undefined =>
  factGroups.find((group) => group === name) ?? (Object.hasOwn(finer, name) ? finer[name] : undefined)

/** Whether a word of `gather_subset` means something; what is left out may have any name, as in Ansible. */
export function isSubset(word: string): boolean {
  return word.startsWith('!') || word === 'all' || foreign.has(word) || groupOf(word) !== undefined
}

/**
 * The groups that `gather_subset` asks for, by Ansible's rules: `min` always comes unless `!min` says otherwise, words with
 * `!` alone leave out of everything, and what is asked for by name comes although a `!` covers it. A finer name with `!`
 * (`!mounts`) leaves nothing out: its group stays whole.
 */
export function groupsOf(subset: readonly string[]): readonly FactGroup[] {
  const asked = new Set<FactGroup>()
  const left = new Set<FactGroup>()
  let all = !subset.some((word) => !word.startsWith('!'))
  for (const word of subset) {
    if (word === 'all') all = true
    else if (word === '!all') for (const group of factGroups) group === 'min' || left.add(group)
    else if (word.startsWith('!')) factGroups.filter((group) => `!${group}` === word).map((g) => left.add(g))
    else if (groupOf(word)) asked.add(groupOf(word)!)
  }
  return factGroups.filter((group) => asked.has(group) || ((all || group === 'min') && !left.has(group)))
}
