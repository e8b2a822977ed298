import type { Config } from './config.js'

/** The values that must be equal on all servers, by flag name; all as text so that they compare simply. */
export type Critical = Record<string, string>

function network(config: Config, name: string, fallback: string): string {
  const list = config.list(name)
  return list.length === 0 ? fallback : list.join(',')
}

/** The tenth address of the first service network, k3s's default for `cluster-dns`. */
export function defaultDns(serviceCidr: string): string {
  const octets = (serviceCidr.split(',')[0] ?? '').split('/')[0]?.split('.') ?? []
  return octets.length === 4 ? `${octets[0]}.${octets[1]}.${octets[2]}.10` : ''
}

/** Collects the critical values of a server's configuration (pkg/daemons/config CriticalControlArgs). */
export function criticalValues(config: Config): Critical {
  const serviceCidr = network(config, 'service-cidr', '10.43.0.0/16')
  const flag = (name: string): string => String(config.bool(name))
  return {
    'agent-token': config.str('agent-token') === undefined ? '' : digest(config.str('agent-token') ?? ''),
    'cluster-cidr': network(config, 'cluster-cidr', '10.42.0.0/16'),
    'cluster-dns': network(config, 'cluster-dns', defaultDns(serviceCidr)),
    'cluster-domain': config.str('cluster-domain') ?? 'cluster.local',
    'disable-cloud-controller': flag('disable-cloud-controller'),
    'disable-helm-controller': flag('disable-helm-controller'),
    'disable-kube-proxy': flag('disable-kube-proxy'),
    'disable-network-policy': flag('disable-network-policy'),
    'disable servicelb': String(config.list('disable').includes('servicelb')),
    'egress-selector-mode': config.str('egress-selector-mode') ?? 'agent',
    'embedded-registry': flag('embedded-registry'),
    'flannel-backend': config.str('flannel-backend') ?? 'vxlan',
    'flannel-external-ip': flag('flannel-external-ip'),
    'flannel-ipv6-masq': flag('flannel-ipv6-masq'),
    'secrets-encryption': flag('secrets-encryption'),
    'secrets-encryption-provider': config.str('secrets-encryption-provider') ?? 'aescbc',
    'service-cidr': serviceCidr,
  }
}

/** Not a secret hash, only a fingerprint that lets two servers compare without saying the token. */
function digest(text: string): string {
  let hash = 5381
  for (const char of text) hash = ((hash * 33) ^ (char.codePointAt(0) ?? 0)) >>> 0
  return hash.toString(16)
}

/** The names of the fields in which two servers differ, sorted. */
export function criticalMismatch(theirs: Critical, ours: Critical): string[] {
  const names = new Set([...Object.keys(theirs), ...Object.keys(ours)])
  return [...names].filter((name) => (theirs[name] ?? '') !== (ours[name] ?? '')).sort()
}
