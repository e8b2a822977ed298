/** SELinux: `enforcing`, `permissive` or `disabled`. AppArmor: whether the kernel enforces it. */
export function readProtection(enforce: string | null, apparmor: string | null) {
  const selinux = enforce === '1' ? 'enforcing' : enforce === '0' ? 'permissive' : 'disabled'
  return { selinux, apparmor: apparmor === 'Y' }
}

/** `absent`, `inactive` or `active`; of iptables its variant: `nf_tables`, `legacy` or `absent`. */
export function readFirewall(
  ufw: readonly string[],
  firewalld: readonly string[],
  nftables: readonly string[],
  iptables: string | null,
) {
  const stateOf = (lines: readonly string[]) =>
    lines[0] !== 'there' ? 'absent' : lines.includes('active') ? 'active' : 'inactive'
  const enabled = ufw.some((line) => /^ENABLED=["']?yes/i.test(line))
  return {
    ufw: ufw[0] !== 'there' ? 'absent' : enabled ? 'active' : 'inactive',
    firewalld: stateOf(firewalld),
    nftables: stateOf(nftables),
    iptables: iptables === null ? 'absent' : iptables.includes('nf_tables') ? 'nf_tables' : 'legacy',
  }
}

/** What is installed of k3s: the version of the binary, the role by the unit that stands there, and its state. */
export function readK3s(version: string | null, services: readonly string[]) {
  const [service, state] = services[0]?.split(' ') ?? []
  const role = service === 'k3s' ? 'server' : service === 'k3s-agent' ? 'agent' : null
  return { installed: /v\d+\.\d+\.\d+\S*/.exec(version ?? '')?.[0] ?? null, role, service: state || null }
}
