import { javascriptWords } from './names.js'

/** Ahead of `at` in the text; each matches there or not at all. */
const space = /\s*/y
const literal = /(?:(?:0|[1-9]\d*)(?:\.\d+)?(?![\w.$])|'[^'\\\n\r]*'|"[^"\\\n\r]*")/y
const name = /[A-Za-z_$][\w$]*/y
const member = /\??\.[A-Za-z_$][\w$]*|\[\s*(?:\d{1,9}|'[^'\\\n\r]*'|"[^"\\\n\r]*")\s*\]/y
const operator = /&&|\|\||\?\?|[!=]==?|[<>]=?(?![<>])|\+(?!\+)|-(?!-)|\*(?!\*)|%/y
const constants: ReadonlySet<string> = new Set(['true', 'false', 'null'])

/**
 * The free names of an expression with the offset where each stands first, if it is made of names, members, calls,
 * numbers, strings, parentheses and the usual operators only; `undefined` where it takes a parser to say. Nearly all
 * conditions of playbooks are so, and a parser would be most of what reading them costs.
 */
export function plainNames(text: string): Map<string, number> | undefined {
  const free = new Map<string, number>()
  const open: ('group' | 'call')[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }
  const takeName = (): boolean => {
    const start = at
    const found = take(name)
    if (found === undefined) return false
    if (constants.has(found)) return true
    if (javascriptWords.has(found)) return false
    if (!free.has(found)) free.set(found, start)
    return true
  }
  for (let wantsOperand = true; ; ) {
    take(space)
    const next = text[at]
    if (wantsOperand && next === '!') at++
    else if (wantsOperand && next === '(') {
      at++
      open.push('group')
    } else if (wantsOperand) {
      if (take(literal) === undefined && !takeName()) return undefined
      wantsOperand = false
    } else if (next === undefined) return open.length === 0 && !mixes(text) ? free : undefined
    else if (next === '(') {
      at++
      take(space)
      if (text[at] === ')') at++
      else {
        open.push('call')
        wantsOperand = true
      }
    } else if (next === ')') {
      at++
      if (open.pop() === undefined) return undefined
    } else if (next === ',' && open.at(-1) === 'call') {
      at++
      wantsOperand = true
    } else if (take(member) === undefined) {
      if (take(operator) === undefined) return undefined
      wantsOperand = true
    }
  }
}

/** Beside && and ||, JavaScript wants ?? in parentheses: the parser sees to that. */
function mixes(text: string): boolean {
  return text.includes('??') && /&&|\|\|/.test(text)
}
