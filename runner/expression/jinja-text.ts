import type { Report } from '../errors.js'
import type { Span } from '../syntax/source.js'
import { type Compiled, EvaluationError } from './compiled.js'
import { seal } from './data.js'
import { findJinja } from './jinja.js'
import { analyseJinja } from './jinja-analyse.js'
import { factNameOf } from './jinja-facts.js'
import { type JinjaNode, parseJinja } from './jinja-package.js'
import { JinjaRun } from './jinja-run.js'
import { toPlainValue } from './jinja-values.js'
import { locator } from './locate.js'
import { varsName } from './names.js'
import { explainError } from './run.js'

/**
 * A string of an inventory or of a file of variables that holds Jinja. Exactly one `{{ … }}` keeps the type of its
 * value; anything else prints text.
 * @returns `undefined` if it has a mistake; all of them are reported
 */
export function compileJinja(text: string, span: Span, report: Report): Compiled | undefined {
  const locate = locator(text, span)
  const place = (word?: string): Span => {
    const at = word === undefined ? -1 : text.search(new RegExp(`\\b${word.replace(/\W/g, '\\$&')}\\b`))
    if (at >= 0) return locate(at, at + word!.length)
    const piece = findJinja(text)
    return piece ? locate(piece.start, piece.end) : span
  }
  const program = read(text, (message, hint) => report({ code: 'template', message, span: place(), hint }))
  if (!program) return undefined
  const analysis = analyseJinja(program)
  for (const { message, hint, word } of analysis.problems)
    report({ code: 'template', message, span: place(word), hint })
  if (analysis.problems.length > 0) return undefined
  const body = program.body as readonly JinjaNode[]
  const single = body.length === 1 && /^\{\{/.test(text) && /\}\}$/.test(text) ? body[0] : undefined
  if (single) analysis.printed.delete(single)
  const evaluate: Compiled['evaluate'] = (scope) => {
    const run = new JinjaRun(scope, analysis)
    try {
      const value = toPlainValue(run.evaluate(single ?? program, run.global))
      return seal(single ? value : value + trailingNewline(text))
    } catch (error) {
      if (error instanceof EvaluationError && !error.span)
        throw new EvaluationError(
          error.message,
          place(/variable (\w+)$/.exec(error.message)?.[1]),
          error.hint,
        )
      throw explainError(error, text, place())
    }
  }
  return { names: freeNames(analysis.required), span, place, evaluate }
}

function read(text: string, fail: (message: string, hint?: string) => void): JinjaNode | undefined {
  if (text.includes('<%')) {
    fail('Jinja and <% %> cannot stand in one text', 'write all of it in one of them')
    return undefined
  }
  try {
    return parseJinja(text)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    fail(`this is no Jinja that is understood: ${message.replace(/^Parser Error: /, '')}`)
    return undefined
  }
}

/** The package drops one newline at the end, as Jinja does by itself; Ansible keeps it. */
function trailingNewline(text: string): string {
  return text.endsWith('\n') ? '\n' : ''
}

/** Facts under Ansible's names need our facts. */
function freeNames(required: ReadonlySet<string>): Set<string> {
  const names = [...required].filter((name) => name !== varsName)
  return new Set(names.map((name) => (name === 'ansible_facts' || factNameOf(name) ? 'facts' : name)))
}
