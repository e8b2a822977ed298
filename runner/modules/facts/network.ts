export interface Interface {
  readonly name: string
  readonly mac: string
  /** In bytes; null where the host does not tell. */
  readonly mtu: number | null
  /** As the kernel says: `up`, `down`, `unknown` (a tunnel that needs no carrier). */
  readonly state: string
  readonly ipv4: string[]
  readonly ipv6: string[]
}

/** What the host said of its network. */
export interface NetworkLines {
  /** `NAME MAC MTU STATE` */
  readonly links: readonly string[]
  /** `ip -o addr show` */
  readonly addresses: readonly string[]
  /** `ip route show default` of IPv4 and IPv6. */
  readonly routes: readonly string[]
  readonly routes6: readonly string[]
  /** /proc/net/route, where there is no `ip`. */
  readonly table: readonly string[]
  /** Of /etc/resolv.conf. */
  readonly dns: readonly string[]
}

/** Interfaces but the loopback, and the one that leads out. Addresses come without their prefix length. */
export function readNetwork({ links, addresses, routes, routes6, table, dns }: NetworkLines) {
  const interfaces = links
    .map((line) => line.split(' '))
    .filter(([name]) => name !== 'lo')
    .map(([name = '', mac = '', mtu = '', state = '']): Interface => {
      const own = addresses.filter((line) => new RegExp(`^\\d+:\\s+${escaped(name)}(@\\S+)?\\s`).test(line))
      const ipv4 = addressesOf(own, 'inet')
      const ipv6 = addressesOf(own, 'inet6')
      return { name, mac, mtu: Number(mtu) || null, state: state || 'unknown', ipv4, ipv6 }
    })
  const ipv4 = routes.length > 0 ? routes : table.flatMap(defaultOf)
  return {
    interfaces,
    default_ipv4: readDefault(interfaces, ipv4, 'ipv4'),
    default_ipv6: readDefault(interfaces, routes6, 'ipv6'),
    dns: readDns(dns),
  }
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function addressesOf(lines: readonly string[], family: 'inet' | 'inet6'): string[] {
  return lines.flatMap((line) => {
    const found = new RegExp(`\\s${family} ([^/\\s]+)`).exec(line)?.[1]
    return found === undefined ? [] : [found]
  })
}

/** Of several default routes, the one of the lowest metric. */
function readDefault(interfaces: readonly Interface[], routes: readonly string[], family: 'ipv4' | 'ipv6') {
  const word = (line: string, key: string) => new RegExp(`\\b${key} (\\S+)`).exec(line)?.[1]
  const metric = (line: string) => Number(word(line, 'metric') ?? 0)
  const route = routes.filter((line) => line.startsWith('default')).sort((a, b) => metric(a) - metric(b))[0]
  if (route === undefined) return { address: null, interface: null, gateway: null }
  const name = word(route, 'dev') ?? null
  const own = interfaces
    .find((candidate) => candidate.name === name)
    ?.[family].find((address) => !address.startsWith('fe80:'))
  return { address: word(route, 'src') ?? own ?? null, interface: name, gateway: word(route, 'via') ?? null }
}

/** A line of /proc/net/route, as `ip route` would print it; its addresses are hexadecimal, the lowest byte first. */
function defaultOf(line: string): string[] {
  const [name, destination, gateway = '', , , , metric] = line.trim().split(/\s+/)
  if (destination !== '00000000' || !/^[0-9A-F]{8}$/i.test(gateway)) return []
  const bytes = gateway.match(/../g)!.map((byte) => Number.parseInt(byte, 16))
  return [`default via ${bytes.reverse().join('.')} dev ${name} metric ${metric}`]
}

function readDns(lines: readonly string[]) {
  const words = lines.map((line) => line.trim().split(/\s+/))
  const search = words.filter(([key]) => key === 'search' || key === 'domain').at(-1)
  return {
    servers: words.flatMap(([key, server]) => (key === 'nameserver' && server ? [server] : [])),
    search: search?.slice(1) ?? [],
  }
}
