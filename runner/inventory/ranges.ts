/** The most hosts that one key may stand for. */
const maxHosts = 100_000

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** A host range cannot be expanded. */
export class RangeSyntaxError extends Error {}

/**
 * The names that a host pattern such as `node[01:50]` stands for, all its ranges expanded from left to right, by
 * Ansible's rules: bounds belong to the range; zero padding is the begin's and wants an end of the same length; a
 * missing begin is 0; letters run a to z, then A to Z; `[begin:end:step]`; a numeric range that ends before it begins
 * is empty.
 * @throws RangeSyntaxError
 */
export function expandRanges(pattern: string): string[] {
  const names = expand(pattern)
  if (names.length > maxHosts) throw new RangeSyntaxError(`more than ${maxHosts} hosts`)
  return names
}

function expand(pattern: string): string[] {
  const open = pattern.indexOf('[')
  if (open < 0) {
    if (pattern.includes(']')) throw new RangeSyntaxError('] without [')
    return [pattern]
  }
  const close = pattern.indexOf(']', open)
  if (close < 0) throw new RangeSyntaxError('[ without ]')
  const items = sequence(pattern.slice(open + 1, close))
  const tails = expand(pattern.slice(close + 1))
  if (items.length * tails.length > maxHosts) throw new RangeSyntaxError(`more than ${maxHosts} hosts`)
  return items.flatMap((item) => tails.map((tail) => pattern.slice(0, open) + item + tail))
}

function sequence(range: string): string[] {
  const bounds = range.split(':')
  if (bounds.length !== 2 && bounds.length !== 3)
    throw new RangeSyntaxError(`[${range}] is no range: write [begin:end] or [begin:end:step]`)
  const [begin = '', end = '', by = '1'] = bounds
  if (end === '') throw new RangeSyntaxError(`[${range}] has no end`)
  if (!/^[1-9][0-9]*$/.test(by)) throw new RangeSyntaxError(`[${range}]: the step must be a number from 1 up`)
  return letter(begin) >= 0 && letter(end) >= 0
    ? letterRange(range, letter(begin), letter(end), Number(by))
    : numberRange(range, begin === '' ? '0' : begin, end, Number(by))
}

function letter(text: string): number {
  return text.length === 1 ? letters.indexOf(text) : -1
}

function letterRange(range: string, from: number, to: number, step: number): string[] {
  if (from > to) throw new RangeSyntaxError(`[${range}] ends before it begins`)
  return [...letters.slice(from, to + 1)].filter((_, index) => index % step === 0)
}

function numberRange(range: string, begin: string, end: string, step: number): string[] {
  const isNumber = /^-?[0-9]+$/
  if (!isNumber.test(begin) || !isNumber.test(end))
    throw new RangeSyntaxError(`[${range}]: bounds are numbers, or one letter each`)
  const width = /^0./.test(begin) ? begin.length : 0
  if (width > 0 && end.length !== width)
    throw new RangeSyntaxError(`[${range}]: with leading zeros both bounds have the same length`)
  const [from, to] = [Number(begin), Number(end)]
  const count = Math.max(0, Math.floor((to - from) / step) + 1)
  if (count > maxHosts) throw new RangeSyntaxError(`[${range}] is more than ${maxHosts} hosts`)
  return Array.from({ length: count }, (_, index) => String(from + index * step).padStart(width, '0'))
}
