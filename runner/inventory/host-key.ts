import { isIPv6 } from 'node:net'
import { expandRanges, RangeSyntaxError } from './ranges.js'

/** What a host key of an inventory stands for. */
export interface HostKey {
  readonly names: readonly string[]
  /** From `host:port`. */
  readonly port?: number | undefined
}

/**
 * Read a host key: a name, a range of names, either with `:port`; an IPv6 address bare, or in brackets with a port.
 * @throws RangeSyntaxError that says what is wrong
 */
export function readHostKey(key: string): HostKey {
  const { pattern, port } = splitPort(key)
  const names = isIPv6(pattern) ? [pattern] : expandRanges(pattern)
  for (const name of names) {
    const problem = nameProblem(name)
    if (problem) throw new RangeSyntaxError(problem)
  }
  return { names, port }
}

function splitPort(key: string): { pattern: string; port?: number } {
  if (isIPv6(key)) return { pattern: key }
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::(.*))?$/.exec(key)
  if (bracketed && isIPv6(bracketed[1]!))
    return { pattern: bracketed[1]!, ...(bracketed[2] === undefined ? {} : { port: readPort(bracketed[2]) }) }
  const withPort = /^((?:[^:[\]]|\[[^[\]]*\])*):([^[\]]*)$/.exec(key)
  return withPort ? { pattern: withPort[1]!, port: readPort(withPort[2]!) } : { pattern: key }
}

function readPort(text: string): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0
  if (port >= 1 && port <= 65_535) return port
  throw new RangeSyntaxError(`${JSON.stringify(text)} is no port (1 to 65535)`)
}

/**
 * Why a host or a group cannot have this name: it would not be a word of a pattern, or it would leave the folder when
 * it becomes a file name.
 */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'the name is empty'
  if (name === '.' || name === '..') return 'this name would be a folder'
  if (/[\s/\\,*?"'`$;|<>(){}]|\p{Cc}/u.test(name))
    return `${JSON.stringify(name)} has a character no name can have`
  if (/^[-!&~@]/.test(name)) return `a name cannot begin with ${name[0]}`
  return undefined
}
