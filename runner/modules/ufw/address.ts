import { isIPv4, isIPv6 } from 'node:net'

/**
 * An address or network as ufw keeps it: without the bits that its mask hides, without a mask that hides none, IPv6 in its
 * short form; `any` for every address. What is none of these comes back as it is.
 */
export function normalAddress(value: string): string {
  const [address = '', prefix] = value.trim().toLowerCase().split('/')
  if (address === 'any' || address === '') return 'any'
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0
  if (bits === 0) return value
  const length = prefix === undefined ? bits : prefixLength(prefix)
  if (length === undefined || length > bits) return value
  if (length === 0) return 'any'
  const text = bits === 32 ? maskV4(address, length) : maskV6(address, length)
  return length === bits ? text : `${text}/${length}`
}

/** Whether it is an address or network that ufw can take. */
export function isAddress(value: string): boolean {
  const [address = '', prefix] = value.split('/')
  if (value === 'any') return true
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0
  if (bits === 0) return false
  const length = prefix === undefined ? 0 : prefixLength(prefix)
  return length !== undefined && length <= bits
}

/** Whether a rule with this address only exists for IPv4 (4), for IPv6 (6), or for both (0). */
export function familyOf(value: string): 0 | 4 | 6 {
  const address = value.replace(/\/.*/, '')
  return isIPv4(address) ? 4 : isIPv6(address) ? 6 : 0
}

function prefixLength(prefix: string): number | undefined {
  if (/^\d{1,3}$/.test(prefix)) return Number(prefix)
  if (!isIPv4(prefix)) return undefined
  const mask = toNumber(prefix).toString(2).padStart(32, '0')
  return /^1*0*$/.test(mask) ? mask.replaceAll('0', '').length : undefined
}

const toNumber = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

function maskV4(address: string, length: number): string {
  const step = 2 ** (32 - length)
  const masked = Math.floor(toNumber(address) / step) * step
  return [24, 16, 8, 0].map((shift) => Math.floor(masked / 2 ** shift) % 256).join('.')
}

function maskV6(address: string, length: number): string {
  const value = BigInt(`0x${hexOf(address)}`)
  const masked = (value >> BigInt(128 - length)) << BigInt(128 - length)
  const hex = masked.toString(16).padStart(32, '0')
  return shorten(hex.match(/.{4}/g)!.join(':'))
}

/** The bytes of an IPv4 or IPv6 address as 8 or 32 hexadecimal digits, the first byte first. */
export function hexOf(address: string): string {
  if (isIPv4(address)) return toNumber(address).toString(16).padStart(8, '0')
  const [head = [], tail] = shorten(address)
    .split('::')
    .map((half) => (half === '' ? [] : half.split(':')))
  const gap = tail ? Array<string>(8 - head.length - tail.length).fill('0') : []
  return [...head, ...gap, ...(tail ?? [])].map((group) => group.padStart(4, '0')).join('')
}

// The URL parser writes an IPv6 address in its short form (RFC 5952), with a dotted tail as hexadecimal groups.
const shorten = (address: string) => new URL(`http://[${address}]/`).hostname.slice(1, -1)
