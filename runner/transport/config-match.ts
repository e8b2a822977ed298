import { type Evaluation, hostNameOf } from './config-state.js'
import { matchesList } from './pattern.js'
import { type ConfigLine, ConnectError } from './transport.js'

/**
 * Whether a `Match` line stands for this host. A criterion after one that failed is not looked at; `exec` runs nothing:
 * a file that decides by it cannot be followed, so it is refused.
 * @throws ConnectError 'config'
 */
export function matchesBlock(state: Evaluation, line: ConfigLine): boolean {
  const words = line.words.flatMap((word) => {
    const [, name, value] = /^(!?\w+)=(.+)$/s.exec(word) ?? []
    return name === undefined || value === undefined ? [word] : [name, value]
  })
  if (words.length === 0) throw new ConnectError('config', `${line.place}: Match has no criterion`)
  let matched = true
  for (let index = 0; index < words.length; index++) {
    const negated = words[index]!.startsWith('!')
    const criterion = words[index]!.slice(negated ? 1 : 0).toLowerCase()
    const bare = bareCriterion(state, criterion)
    const value = bare === undefined ? words[++index] : ''
    if (value === undefined)
      throw new ConnectError('config', `${line.place}: Match ${criterion} has no value`)
    if (!matched) continue
    matched = (bare ?? compared(state, criterion, value, line.place)) !== negated
  }
  return matched
}

/** The criteria without a value. */
function bareCriterion(state: Evaluation, criterion: string): boolean | undefined {
  if (criterion === 'all') return true
  if (criterion === 'final') state.wantsFinal = true
  return criterion === 'final' || criterion === 'canonical' ? state.final : undefined
}

function compared(state: Evaluation, criterion: string, value: string, place: string): boolean {
  const patterns = value.split(',')
  const { values, alias, around } = state
  switch (criterion) {
    case 'host':
      return matchesList(patterns, values.has('hostname') ? hostNameOf(state) : state.host)
    case 'originalhost':
      return matchesList(patterns, alias)
    case 'user':
      return matchesList(patterns, values.get('user')?.[0] ?? around.login)
    case 'localuser':
      return matchesList(patterns, around.login)
    case 'tagged':
      return matchesList(patterns, values.get('tag')?.[0] ?? '')
    case 'sessiontype':
      return matchesList(patterns, 'exec')
    case 'exec':
      throw new ConnectError(
        'config',
        `${place}: Match exec is not supported: tsplay runs no program to read a configuration`,
        'use Match host or Match originalhost, or give another file with -F in ansible_ssh_common_args',
      )
    default:
      throw new ConnectError('config', `${place}: Match ${criterion} is not supported`)
  }
}
