export interface Interface {
  readonly name: string
  readonly mac: string
  readonly ipv4: string[]
  readonly ipv6: string[]
}

/** Interfaces but the loopback, and the one that leads out. Addresses come without their prefix length. */
export function readNetwork(
  links: readonly string[],
  addresses: readonly string[],
  routes: readonly string[],
) {
  const interfaces = links
    .map((line) => line.split(' '))
    .filter(([name]) => name !== 'lo')
    .map(([name = '', mac = '']): Interface => {
      const own = addresses.filter((line) => new RegExp(`^\\d+:\\s+${escaped(name)}(@\\S+)?\\s`).test(line))
      return { name, mac, ipv4: addressesOf(own, 'inet'), ipv6: addressesOf(own, 'inet6') }
    })
  return { interfaces, default_ipv4: readDefault(interfaces, routes) }
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function addressesOf(lines: readonly string[], family: 'inet' | 'inet6'): string[] {
  return lines.flatMap((line) => {
    const found = new RegExp(`\\s${family} ([^/\\s]+)`).exec(line)?.[1]
    return found === undefined ? [] : [found]
  })
}

/** Of several default routes, the one of the lowest metric. */
function readDefault(interfaces: readonly Interface[], routes: readonly string[]) {
  const word = (line: string, key: string) => new RegExp(`\\b${key} (\\S+)`).exec(line)?.[1]
  const metric = (line: string) => Number(word(line, 'metric') ?? 0)
  const route = routes.filter((line) => line.startsWith('default')).sort((a, b) => metric(a) - metric(b))[0]
  if (route === undefined) return { address: null, interface: null, gateway: null }
  const name = word(route, 'dev') ?? null
  const own = interfaces.find((candidate) => candidate.name === name)?.ipv4[0]
  return { address: word(route, 'src') ?? own ?? null, interface: name, gateway: word(route, 'via') ?? null }
}
