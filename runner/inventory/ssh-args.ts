import { EvaluationError } from '../expression/index.js'
import { standing, valueProblem } from '../transport/config-keywords.js'
import { configLine } from '../transport/config-lines.js'
import { type ConfigLine, ConnectError } from '../transport/transport.js'

/** The ssh arguments of an inventory as the lines of ssh_config that they stand for, in order. */
export interface SshArgs {
  readonly lines: readonly ConfigLine[]
  /** -F */
  readonly configFile: string | undefined
}

/** Flags that stand for a keyword with their value, and those that stand for a keyword alone. */
const valued: Readonly<Record<string, string>> = {
  i: 'identityfile',
  p: 'port',
  l: 'user',
  J: 'proxyjump',
  b: 'bindaddress',
  c: 'ciphers',
  m: 'macs',
}
const bare: Readonly<Record<string, readonly [keyword: string, value: string]>> = {
  A: ['forwardagent', 'yes'],
  a: ['forwardagent', 'no'],
  4: ['addressfamily', 'inet'],
  6: ['addressfamily', 'inet6'],
}
/** Flags that only tune OpenSSH's own process; `-S` and `-E` have a value. */
const harmless = /^-[CqTtxvnk]+$/
const harmlessValued = /^-[SEe]/

const known = new Map<string, SshArgs>()

/**
 * Read `ansible_ssh_common_args` and its kin. What tsplay cannot do as OpenSSH does is refused by name: to pass over a
 * keyword could connect somewhere else. Many hosts share one text, so what was read is kept.
 * @throws EvaluationError
 */
export function parseSshArgs(text: string): SshArgs {
  const before = known.get(text)
  if (before) return before
  const lines: ConfigLine[] = []
  let configFile: string | undefined
  const words = splitWords(text)
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    const flag = /^-([A-Za-z46])(.*)$/s.exec(word)
    const name = flag?.[1] ?? ''
    const isValued = name === 'o' || name === 'F' || Object.hasOwn(valued, name) || harmlessValued.test(word)
    if (isValued) {
      const value = flag![2] !== '' ? flag![2]! : words[++index]
      if (value === undefined) throw new EvaluationError(`the ssh argument ${word} has no value`)
      if (name === 'o') lines.push(...option(value))
      else if (name === 'F') configFile ??= value
      else if (Object.hasOwn(valued, name)) lines.push(checked(valued[name]!, value, `-${name}`))
    } else if (flag?.[2] === '' && Object.hasOwn(bare, name)) lines.push(checked(...bare[name]!, word))
    else if (!harmless.test(word)) throw refused(word)
  }
  const args = { lines, configFile }
  known.set(text, args)
  return args
}

function option(text: string): ConfigLine[] {
  const line = readLine(text)
  if (!line) throw refused(`-o ${text}`)
  const kind = standing(line.keyword)
  if (kind === 'ignorable') return []
  if (kind !== 'honoured') throw refused(`-o ${/^\s*\w*/.exec(text)![0].trim()}`)
  return [complain(line, /^\s*\w*/.exec(text)![0].trim())]
}

function readLine(text: string): ConfigLine | undefined {
  try {
    return configLine(text, '-o')
  } catch (error) {
    if (error instanceof ConnectError) throw new EvaluationError(`a quote is not closed in: ${text}`)
    throw error
  }
}

function checked(keyword: string, value: string, place: string): ConfigLine {
  return complain({ keyword, words: [value], place }, place)
}

function complain(line: ConfigLine, name: string): ConfigLine {
  const problem = valueProblem(line.keyword, line.words)
  if (problem) throw new EvaluationError(`the ssh argument ${name} ${problem}`)
  return line
}

function refused(what: string): EvaluationError {
  return new EvaluationError(`the ssh argument ${what} is not supported`, undefined, 'leave it out')
}

/** Words as a shell would cut them: quotes and backslashes keep blanks. */
export function splitWords(text: string): string[] {
  const words: string[] = []
  const pattern = /(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+/gs
  const rest = text.replace(pattern, (word) => {
    words.push(word.replace(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gs, unquoted))
    return ''
  })
  if (rest.trim() !== '') throw new EvaluationError(`a quote is not closed in: ${text}`)
  return words
}

function unquoted(_: string, single?: string, double?: string, escaped?: string): string {
  return single ?? escaped ?? (double ?? '').replace(/\\(.)/gs, '$1')
}
