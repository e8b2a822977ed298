import { type Expression, parseExpressionAt } from 'acorn'
import type { Report } from '../errors.js'
import { reportingMemo } from '../syntax/memo.js'
import type { Span } from '../syntax/source.js'
import { type BuiltExpression, builtExpressions } from './built.js'
import type { Compiled, Scope } from './compiled.js'
import { seal } from './data.js'
import { helperFunctions } from './helpers.js'
import { type Locate, locator } from './locate.js'
import { allowedGlobals, refusedName, varsName } from './names.js'
import { plainNames } from './plain-names.js'
import { explainError, lazyCode, resolveName } from './run.js'
import { type Analysis, analyse } from './walk.js'

/**
 * One bare JavaScript expression (`when:` and its like). Its mistakes are reported at their places.
 * @returns `undefined` if it has any
 */
export function compileExpression(text: string, span: Span, report: Report): Compiled | undefined {
  return compiled(span, report, (each) => compileAt(text, span, locator(text, span), each))
}

const compiled = reportingMemo<Span, Compiled | undefined>((span) => span.file)

/** The same, for an expression whose places are known otherwise: the inside of a template tag. */
export function compileAt(text: string, span: Span, locate: Locate, report: Report): Compiled | undefined {
  const known = codes.get(text) ?? readCode(text, span, locate, report)
  if (!known) return undefined
  codes.set(text, known)
  return fromCode(known, text, span, locate)
}

/** What an expression without mistakes says of itself. */
export interface ReadExpression {
  /** The offset of each free name where it stands first. */
  readonly starts: ReadonlyMap<string, number>
  /** Is the whole expression one name? */
  readonly bare: boolean
  /** The free names that are none of JavaScript's own. */
  readonly params: readonly string[]
}

/** What is the same for all expressions of one text, wherever they stand. */
interface Code extends ReadExpression {
  readonly names: ReadonlySet<string>
  readonly run: ReturnType<typeof lazyCode>
}

/** Expressions without mistakes by their text: a playbook has few that are different. */
const codes = new Map<string, Code>()

/** All expressions without mistakes that were read until now, by their text. */
export function readExpressions(): ReadonlyMap<string, ReadExpression> {
  return codes
}

function readCode(text: string, span: Span, locate: Locate, report: Report): Code | undefined {
  const built = builtExpressions.get(text)
  if (built) return builtCode(text, built, span)
  const read = readNames(text, locate, report)
  if (!read) return undefined
  const { starts, bare } = read
  const problems = [...read.findings]
  for (const [name, start] of starts) {
    const message = name === 'include' ? 'include works in template files only' : refusedName(name)
    if (message) problems.push({ message, start, end: start + name.length })
  }
  for (const { message, hint, start, end } of problems)
    report({ code: 'expression', message, span: locate(start, end), hint })
  if (problems.length > 0) return undefined
  const params = paramsOf([...starts.keys()])
  return {
    starts,
    bare,
    params,
    names: variableNames(params),
    run: lazyCode(`return (${text}\n)`, params, span.file.path),
  }
}

function builtCode(text: string, { starts, bare, code }: BuiltExpression, span: Span): Code {
  const params = paramsOf(starts.map(([name]) => name))
  const run = lazyCode(text, params, span.file.path, code)
  return { starts: new Map(starts), bare, params, names: variableNames(params), run }
}

/** What an expression says of itself, mistakes included. */
interface Read extends Pick<Code, 'starts' | 'bare'> {
  readonly findings: Analysis['findings']
}

function readNames(text: string, locate: Locate, report: Report): Read | undefined {
  const plain = plainNames(text)
  if (plain) return { starts: plain, bare: plain.has(text.trim()), findings: [] }
  const tree = parse(text, locate, report)
  if (!tree) return undefined
  const { free, findings } = analyse(tree)
  const starts = new Map([...free].map(([name, { start }]) => [name, start]))
  return { starts, bare: tree.type === 'Identifier', findings }
}

function paramsOf(free: readonly string[]): string[] {
  return free.filter((name) => !allowedGlobals.has(name))
}

/** The names among `free` that variables must define. */
export function variableNames(free: Iterable<string>): Set<string> {
  return new Set([...free].filter((name) => !isProvided(name)))
}

function isProvided(name: string): boolean {
  return name === varsName || allowedGlobals.has(name) || helperFunctions.has(name)
}

function fromCode({ starts, bare, params, names, run }: Code, text: string, span: Span, locate: Locate) {
  const place = (name: string): Span | undefined => {
    const start = starts.get(name)
    return start === undefined ? undefined : locate(start, start + name.length)
  }
  const evaluate = (scope: Scope): unknown => {
    const direct = bare && names.size === 1 ? scope.lookup(params[0]!) : undefined
    if (direct) return seal(direct.value)
    const values = params.map((name) => resolveName(name, scope, () => place(name)))
    try {
      return seal(run()(...values))
    } catch (error) {
      throw explainError(error, text, span)
    }
  }
  return { names, span, place, evaluate }
}

function parse(text: string, locate: Locate, report: Report): Expression | undefined {
  const fail = (message: string, start: number, hint?: string): undefined => {
    report({ code: 'expression', message, span: locate(start, start + 1), hint })
  }
  if (text.trim() === '') return fail('an expression is missing', 0)
  try {
    const tree = parseExpressionAt(text, 0, { ecmaVersion: 2022, sourceType: 'module', preserveParens: true })
    const rest = text.slice(tree.end)
    const trailing = /^(?:\s|\/\/.*|\/\*[\s\S]*?\*\/)*/.exec(rest)![0].length
    if (trailing < rest.length)
      return fail('the expression ends before this', tree.end + trailing, wordHint(text))
    if (tree.type === 'SequenceExpression')
      return fail(
        'one expression is wanted, not several with a comma',
        tree.expressions[0]!.end,
        'for “and”, write &&',
      )
    return tree
  } catch (error) {
    const { message, at } = syntaxError(error)
    return fail(message, Math.min(at, Math.max(0, text.length - 1)), wordHint(text) ?? reservedHint(text))
  }
}

/** acorn's message without its own line and column, and the offset. */
export function syntaxError(error: unknown): { message: string; at: number } {
  if (!(error instanceof SyntaxError) || !('pos' in error)) throw error
  return { message: error.message.replace(/ \(\d+:\d+\)$/, ''), at: error.pos as number }
}

const words: readonly [RegExp, string][] = [
  [/\bis not defined\b/, 'write: vars.NAME === undefined'],
  [/\bis defined\b/, 'write: vars.NAME !== undefined'],
  [/\bnot in\b/, 'write: !list.includes(x)'],
  [/\|\s*default\b/, 'write: vars.NAME ?? default'],
  [/\band\b/, '“and” is && in JavaScript'],
  [/\bor\b/, '“or” is || in JavaScript'],
  [/\bnot\b/, '“not” is ! in JavaScript'],
]

/** What somebody who writes Jinja's words should have written. */
function wordHint(text: string): string | undefined {
  return words.find(([pattern]) => pattern.test(text))?.[1]
}

/** Words of JavaScript that begin no expression of people: as a name they are reached through `vars`. */
const reserved =
  /(?<![.\w$])(?:case|class|const|default|enum|export|for|if|import|interface|let|package|private|protected|public|return|static|switch|var|while|with)(?![\w$])/

/** A variable may have a name that JavaScript keeps for itself, if an inventory gives it. */
function reservedHint(text: string): string | undefined {
  const word = reserved.exec(text)?.[0]
  return word && `${word} is a word of JavaScript: a variable of that name is vars.${word}`
}
