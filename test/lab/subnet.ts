import { LabError } from './errors.js'

/** Labs live in 10.213.X.0/24. */
const PREFIX = '10.213'

const toNumber = (address: string): number =>
  address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)

const range = (cidr: string): [number, number] => {
  const [address = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(toNumber(address) / size) * size
  return [first, first + size - 1]
}

/** True when two IPv4 ranges (`a.b.c.d/n`, or one address) share an address. */
export const overlap = (a: string, b: string): boolean => {
  const [[firstA, lastA], [firstB, lastB]] = [range(a), range(b)]
  return firstA <= lastB && firstB <= lastA
}

/** The IPv4 ranges in the output of `ip -4 route` and `ip -4 -o addr`; the default route is none. */
export const takenRanges = (text: string): string[] =>
  [...text.matchAll(/(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?)(?![\d./])/g)].map(
    ([, cidr]) => cidr ?? '',
  )

/**
 * The first three octets of a /24 that overlaps nothing taken, beginning at `seed` (0–255).
 * @throws LabError when all 256 are taken.
 */
export const chooseSubnet = (seed: number, taken: string[]): string => {
  for (let step = 0; step < 256; step++) {
    const subnet = `${PREFIX}.${(seed + step) % 256}`
    if (!taken.some((cidr) => overlap(`${subnet}.0/24`, cidr))) return subnet
  }
  throw new LabError(`no free subnet in ${PREFIX}.0.0/16: take another lab down, or a route away`)
}

/** First and last address octet of each kind of host; the bridge itself is .1. */
const OCTETS = { server: [11, 49], agent: [51, 199], busybox: [201, 250] } as const

/** The address of the nth (from 1) host of a kind. @throws LabError when the subnet holds no more of them. */
export const addressOf = (subnet: string, kind: keyof typeof OCTETS, nth: number): string => {
  const [first, last] = OCTETS[kind]
  if (first + nth - 1 <= last) return `${subnet}.${first + nth - 1}`
  throw new LabError(`a lab holds at most ${last - first + 1} ${kind} hosts`)
}
