/** SELinux: `enforcing`, `permissive` or `disabled`. AppArmor: whether the kernel enforces it. */
export function readProtection(enforce: string | null, apparmor: string | null) {
  const selinux = enforce === '1' ? 'enforcing' : enforce === '0' ? 'permissive' : 'disabled'
  return { selinux, apparmor: apparmor === 'Y' }
}

/** What the host said of its firewalls. */
export interface FirewallLines {
  readonly ufw: readonly string[]
  readonly firewalld: readonly string[]
  readonly nftables: readonly string[]
  /** `nft list tables`: only root sees them. */
  readonly tables: readonly string[]
  /** `iptables --version` */
  readonly iptables: string | null
  /** The chains of the table `filter` with their policies and the number of rules, after a count each. */
  readonly filter: readonly string[]
}

/**
 * `absent`, `inactive` or `active`; of iptables its variant: `nf_tables`, `legacy` or `absent`. `iptables_policy` is null where
 * the table is not there or may not be seen.
 */
export function readFirewall({ ufw, firewalld, nftables, tables, iptables, filter }: FirewallLines) {
  const stateOf = (lines: readonly string[]) =>
    lines[0] !== 'there' ? 'absent' : lines.includes('active') ? 'active' : 'inactive'
  const enabled = ufw.some((line) => /^ENABLED=["']?yes/i.test(line))
  const policy = (chain: string) =>
    filter.map((line) => new RegExp(`^\\s*\\d+ :${chain} (\\S+)`).exec(line)?.[1]).find((found) => found) ??
    null
  const rules = filter.map((line) => /^\s*(\d+) rule$/.exec(line)?.[1]).find((found) => found)
  const policies = { input: policy('INPUT'), forward: policy('FORWARD'), output: policy('OUTPUT') }
  return {
    ufw: ufw[0] !== 'there' ? 'absent' : enabled ? 'active' : 'inactive',
    firewalld: stateOf(firewalld),
    nftables: stateOf(nftables),
    nftables_tables: tables.flatMap((line) => /^table (\S+ \S+)$/.exec(line.trim())?.[1] ?? []),
    iptables: iptables === null ? 'absent' : iptables.includes('nf_tables') ? 'nf_tables' : 'legacy',
    iptables_policy: policies.input === null ? null : policies,
    iptables_rules: Number(rules ?? 0),
  }
}

/**
 * What is installed of k3s: the version of the binary, the role by the unit that stands there, and its state; and the URL of the
 * server that config.yaml says it joins through, null where it says none or may not be read.
 */
export function readK3s(version: string | null, services: readonly string[], server: string | null) {
  const [service, state] = services[0]?.split(' ') ?? []
  const role = service === 'k3s' ? 'server' : service === 'k3s-agent' ? 'agent' : null
  return {
    installed: /v\d+\.\d+\.\d+\S*/.exec(version ?? '')?.[0] ?? null,
    role,
    service: state || null,
    server: /https:\/\/[^\s'"]+/.exec(server ?? '')?.[0] ?? null,
  }
}
