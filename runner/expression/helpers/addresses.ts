import ipaddr from 'ipaddr.js'
import { EvaluationError } from '../compiled.js'
import { text } from './argument.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A network: its first address and the length of its prefix in bits. */
interface Network {
  readonly first: Address
  readonly bits: number
}

/** 4 or 6, or null for anything that is no address. An address with a prefix length is none. */
export function ipVersion(value: unknown): 4 | 6 | null {
  if (typeof value !== 'string') return null
  return ipaddr.IPv4.isValidFourPartDecimal(value) ? 4 : ipaddr.IPv6.isValid(value) ? 6 : null
}

/** Whether a text is a network, such as 10.42.0.0/16. */
export function isCidr(value: unknown): boolean {
  if (typeof value !== 'string') return false
  return ipVersion(value.split('/')[0]) !== null && ipaddr.isValidCIDR(value)
}

/** Whether the network holds the address, or the whole of the other network. False where one is IPv4 and the other IPv6. */
export function cidrContains(network: unknown, inner: unknown): boolean {
  const [outer, other] = [read('cidrContains', network), read('cidrContains', inner)]
  if (outer.first.kind() !== other.first.kind() || other.bits < outer.bits) return false
  return matches(other.first, outer)
}

/** Whether two networks have an address in common. */
export function cidrsOverlap(a: unknown, b: unknown): boolean {
  return cidrContains(a, b) || cidrContains(b, a)
}

/**
 * The n-th address of a network, from 0; a negative n counts from its end.
 * @throws EvaluationError when the network is smaller
 */
export function cidrHost(network: unknown, n: unknown): string {
  const { first, bits } = read('cidrHost', network)
  const count = 1n << BigInt(width(first) - bits)
  const wanted = integer('cidrHost', n)
  const at = wanted < 0n ? count + wanted : wanted
  if (at < 0n || at >= count) throw new EvaluationError(`cidrHost: ${network} has no address ${n}`)
  return format(toNumber(first) + at, first)
}

/**
 * The n-th of the networks with a longer prefix that a network is made of.
 * @throws EvaluationError when the prefix is not longer, or there are not so many
 */
export function cidrSubnet(network: unknown, prefix: unknown, n: unknown): string {
  const { first, bits } = read('cidrSubnet', network)
  const [length, at] = [Number(integer('cidrSubnet', prefix)), integer('cidrSubnet', n)]
  if (length < bits || length > width(first) || at < 0n || at >= 1n << BigInt(length - bits))
    throw new EvaluationError(`cidrSubnet: ${network} has no network ${n} of /${length}`)
  return `${format(toNumber(first) + (at << BigInt(width(first) - length)), first)}/${length}`
}

/** How many networks of a prefix length a network is made of: 256 of /24 in a /16, and none where it is smaller than one. */
export function cidrCount(network: unknown, prefix: unknown): number {
  const { bits } = read('cidrCount', network)
  const divided = Number(integer('cidrCount', prefix)) - bits
  return divided < 0 ? 0 : 2 ** divided
}

function read(helper: string, value: unknown): Network {
  const written = text(helper, value).trim()
  const [address = '', bits] = written.split('/')
  if (ipVersion(address) === null || (bits !== undefined && !ipaddr.isValidCIDR(written)))
    throw new EvaluationError(`${helper}: ${JSON.stringify(value)} is no address and no network`)
  const parsed = ipaddr.parse(address)
  const length = bits === undefined ? width(parsed) : Number(bits)
  const mask = (1n << BigInt(width(parsed) - length)) - 1n
  return { first: ipaddr.fromByteArray([...bytes(toNumber(parsed) & ~mask, parsed)]), bits: length }
}

function matches(address: Address, { first, bits }: Network): boolean {
  const shift = BigInt(width(first) - bits)
  return toNumber(address) >> shift === toNumber(first) >> shift
}

const width = (address: Address): number => address.toByteArray().length * 8

const toNumber = (address: Address): bigint =>
  address.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

function bytes(value: bigint, like: Address): number[] {
  const length = like.toByteArray().length
  return Array.from({ length }, (_, index) => Number((value >> BigInt(8 * (length - 1 - index))) & 0xffn))
}

const format = (value: bigint, like: Address): string => ipaddr.fromByteArray(bytes(value, like)).toString()

function integer(helper: string, value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  throw new EvaluationError(`${helper}: a whole number is wanted`)
}
