import { join } from 'node:path'
import { standing, toFlag, valueProblem } from './config-keywords.js'
import { matchesBlock } from './config-match.js'
import { type ConfigSurroundings, type Evaluation, hostNameOf, type Values } from './config-state.js'
import { matchesList } from './pattern.js'
import { type ConfigLine, ConnectError } from './transport.js'

const cumulative = new Set(['identityfile', 'certificatefile'])
const maxIncludes = 16

/**
 * What is set for a host: `given` (command line and inventory) wins over the user's file, and that over the system's;
 * in each the first value. With `file` (ssh -F) that file alone is read; `none` reads nothing.
 * @throws ConnectError 'config' naming file and line
 */
export function evaluateConfig(
  alias: string,
  given: readonly ConfigLine[],
  file: string | undefined,
  around: ConfigSurroundings,
): Values {
  const state: Evaluation = {
    around,
    alias,
    values: new Map(),
    host: alias,
    final: false,
    wantsFinal: false,
  }
  for (const line of given) setValue(state, line)
  const userFolder = join(around.home, '.ssh')
  const readAll = (): void => {
    const user = file ?? join(userFolder, 'config')
    if (user !== 'none') walk(state, user, userFolder, 0)
    if (file === undefined) walk(state, '/etc/ssh/ssh_config', '/etc/ssh', 0)
  }
  readAll()
  if (!state.wantsFinal) return state.values
  state.final = true
  state.host = hostNameOf(state)
  readAll()
  return state.values
}

function walk(state: Evaluation, file: string, folder: string, depth: number): void {
  if (depth > maxIncludes) throw new ConnectError('config', `${file}: too many levels of Include`)
  let active = true
  for (const line of state.around.files.lines(file)) {
    if (line.keyword === 'host') active = matchesList(needWords(line), state.host)
    else if (line.keyword === 'match') active = matchesBlock(state, line)
    else if (!active) continue
    else if (line.keyword === 'include') include(state, line, folder, depth)
    else setValue(state, line)
  }
}

function include(state: Evaluation, line: ConfigLine, folder: string, depth: number): void {
  const { files, home } = state.around
  for (const word of needWords(line)) {
    const path = word.startsWith('~/') ? join(home, word.slice(2)) : word
    for (const file of files.included(path, folder)) walk(state, file, folder, depth + 1)
  }
}

function needWords(line: ConfigLine): readonly string[] {
  if (line.words.length > 0) return line.words
  throw new ConnectError('config', `${line.place}: ${line.keyword} has no value`)
}

function setValue(state: Evaluation, line: ConfigLine): void {
  const { keyword, words, place } = line
  const kind = standing(keyword)
  if (kind !== 'honoured') {
    tell(state, line, kind)
    return
  }
  const problem = valueProblem(keyword, words)
  if (problem) throw new ConnectError('config', `${place}: ${keyword} ${problem}`)
  const { values } = state
  const before = values.get(keyword)
  if (cumulative.has(keyword)) values.set(keyword, [...new Set([...(before ?? []), ...words])])
  else if (before === undefined && !isBeaten(values, keyword)) values.set(keyword, words)
}

/** ProxyJump and ProxyCommand: whichever comes first keeps the other out. */
function isBeaten(values: Values, keyword: string): boolean {
  if (keyword === 'proxyjump') return values.has('proxycommand')
  return keyword === 'proxycommand' && values.has('proxyjump')
}

function tell(state: Evaluation, line: ConfigLine, kind: 'ignorable' | 'missed' | 'unknown'): void {
  const { keyword, words, place } = line
  if (kind === 'missed' && toFlag(words[0] ?? '') !== false && words[0]?.toLowerCase() !== 'none')
    state.around.warn(`${place}: ${keyword} is not supported and was passed over`)
  const ignored = (state.values.get('ignoreunknown') ?? []).flatMap((word) => word.toLowerCase().split(','))
  if (kind === 'unknown' && !matchesList(ignored, keyword))
    state.around.warn(`${place}: ssh_config has no keyword ${keyword}; it was passed over`)
}
