import { CommandError } from '../core/log.js'

type Step = { key: string } | { index: number } | { all: true } | { filter: (item: unknown) => boolean }

/** Renders a kubectl JSONPath template: text, `{.a.b[0]['c']}`, `{range …}{end}`, filters `[?(@.x=="y")]`. */
export function renderJsonPath(template: string, data: unknown): string {
  return render(tokens(template), data, data)
}

type Token = { text: string } | { path: string } | { range: string; body: Token[] }

function tokens(template: string): Token[] {
  const stack: Token[][] = [[]]
  for (const match of template.matchAll(/\{((?:"[^"]*"|'[^']*'|[^{}])*)\}|([^{]+)/g)) {
    const top = stack.at(-1) as Token[]
    const inner = match[1]?.trim()
    if (inner === undefined) top.push({ text: match[2] ?? '' })
    else if (inner === 'end') stack.pop()
    else if (inner.startsWith('range ')) {
      const body: Token[] = []
      top.push({ range: inner.slice(6).trim(), body })
      stack.push(body)
    } else if (/^"[\s\S]*"$/.test(inner)) top.push({ text: JSON.parse(inner) as string })
    else if (/^'[\s\S]*'$/.test(inner))
      top.push({ text: inner.slice(1, -1).replace(/\\n/g, '\n').replace(/\\t/g, '\t') })
    else top.push({ path: inner })
  }
  if (stack.length !== 1) throw new CommandError('error: error parsing jsonpath: unclosed range')
  return stack[0] ?? []
}

function render(list: Token[], current: unknown, root: unknown): string {
  return list
    .map((token) => {
      if ('text' in token) return token.text
      if ('path' in token) return select(token.path, current, root).map(show).join(' ')
      return select(token.range, current, root)
        .map((item) => render(token.body, item, root))
        .join('')
    })
    .join('')
}

function show(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}

/** All values that a path selects. A path that leads nowhere selects nothing. */
export function select(path: string, current: unknown, root: unknown): unknown[] {
  const start = path.startsWith('$') ? root : current
  let values: unknown[] = [start]
  for (const step of steps(path.replace(/^[$@]/, ''))) values = values.flatMap((value) => follow(value, step))
  return values
}

function follow(value: unknown, step: Step): unknown[] {
  if (value === null || typeof value !== 'object') return []
  if ('all' in step) return Object.values(value)
  if ('filter' in step) return Array.isArray(value) ? value.filter(step.filter) : []
  if ('index' in step) {
    const found = Array.isArray(value) ? value.at(step.index) : undefined
    return found === undefined ? [] : [found]
  }
  const found = (value as Record<string, unknown>)[step.key]
  return found === undefined || found === null ? [] : [found]
}

function steps(path: string): Step[] {
  const pattern =
    /\.?\[\?\(([^)]*)\)\]|\[['"]([^'"]*)['"]\]|\[(-?\d+)\]|\.?(?:\[\*\]|\*)|\.((?:\\.|[^.[\]\\])+)/y
  const found: Step[] = []
  pattern.lastIndex = 0
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex
    const match = pattern.exec(path)
    if (match === null) {
      if (path.slice(at) === '.') break
      throw new CommandError(`error: error parsing jsonpath {${path}}, unrecognized character at ${at}`)
    }
    if (match[1] !== undefined) found.push({ filter: filter(match[1]) })
    else if (match[2] !== undefined) found.push({ key: match[2] })
    else if (match[3] !== undefined) found.push({ index: Number(match[3]) })
    else if (match[4] !== undefined) found.push({ key: match[4].replace(/\\(.)/g, '$1') })
    else found.push({ all: true })
  }
  return found
}

function filter(text: string): (item: unknown) => boolean {
  const match = /^\s*@([^=!<>\s]*)\s*(?:(==|!=)\s*(.+?))?\s*$/.exec(text)
  if (match === null) throw new CommandError(`error: error parsing jsonpath filter ${text}`)
  const [, path = '', operator, literal = ''] = match
  const wanted = literal.replace(/^(['"])([\s\S]*)\1$/, '$2')
  return (item) => {
    const values = select(path, item, item).map(show)
    if (operator === undefined) return values.length > 0
    return values.includes(wanted) === (operator === '==')
  }
}
