import type { Report } from '../errors.js'
import type { Span } from '../syntax/source.js'
import { type Compiled, constant, EvaluationError } from './compiled.js'
import { compileAt } from './expression.js'
import { findJinja } from './jinja.js'
import { compileJinja } from './jinja-text.js'
import { type Locate, locator } from './locate.js'
import { compilePrints, plainPrints } from './prints.js'
import { compileTags, type TemplateText } from './render.js'
import { findTags } from './tags.js'

export interface TextOptions {
  /**
   * What `{{ … }}` is in this file: a mistake whose hint is the same in JavaScript (`error`, playbooks and roles), an
   * expression (`inventory`: inventories and files of variables), or text.
   */
  readonly jinja?: 'error' | 'inventory' | 'text' | undefined
}

/**
 * A string of a YAML file. Without tags it is itself; exactly one `<%= … %>` keeps the type of its value; anything else
 * prints text.
 * @returns `undefined` if it has a mistake; all of them are reported
 */
export function compileText(
  text: string,
  span: Span,
  report: Report,
  options: TextOptions = {},
): Compiled | undefined {
  const hasJinja = options.jinja !== 'text' && findJinja(text) !== undefined
  if (hasJinja && options.jinja === 'inventory') return compileJinja(text, span, report)
  if (hasJinja) return refuseJinja(text, span, report)
  if (!text.includes('<%') && !text.includes('%>')) return constant(text, span)
  const locate = locator(text, span)
  const prints = plainPrints(text)
  if (!prints) return compileOther({ text, span, locate }, report)
  const [tag] = prints
  return tag!.start === 0 && tag!.end === text.length
    ? compileSingle(tag!, span, locate, report)
    : compilePrints(text, prints, span, locate, report)
}

/** Tags that EJS alone understands; one printing tag (`<%= x -%>`) keeps the type nevertheless. */
function compileOther(template: TemplateText, report: Report): Compiled | undefined {
  const { text, span, locate } = template
  const { tags, problems } = findTags(text)
  const [tag] = tags
  const single = problems.length === 0 && tag?.kind === 'print' && tag.start === 0 && tag.end === text.length
  return single ? compileSingle(tag, span, locate, report) : compileTags(template, report)
}

function compileSingle(
  tag: { readonly code: string; readonly codeStart: number },
  span: Span,
  locate: Locate,
  report: Report,
): Compiled | undefined {
  const code = tag.code.replace(/;\s*$/, '')
  const place: Locate = (start, end) => locate(tag.codeStart + start, tag.codeStart + end)
  const compiled = compileAt(code, span, place, report)
  return compiled && defined(compiled, code.trim(), span)
}

/** A value that is `undefined` is a misspelt member more often than not: it must be asked for. */
function defined(compiled: Compiled, code: string, span: Span): Compiled {
  const { evaluate } = compiled
  const demand: Compiled['evaluate'] = (scope) => {
    const value = evaluate(scope)
    if (value !== undefined) return value
    throw new EvaluationError(`${code} is undefined`, span, `give a default: <%= ${code} ?? … %>`)
  }
  return Object.assign(compiled, { evaluate: demand })
}

function refuseJinja(text: string, span: Span, report: Report): undefined {
  const found = findJinja(text)
  const place = found && locator(text, span)(found.start, found.end)
  const translated = found?.translation ?? 'JavaScript between <%= and %>'
  report({
    code: 'template',
    message: 'Jinja is not interpreted in playbooks and roles',
    span: place,
    hint: `write: ${translated}   (literal braces: <%= '{{' %>)`,
  })
}
