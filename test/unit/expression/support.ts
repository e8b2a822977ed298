import type { Diagnostic } from '../../../runner/errors.js'
import {
  type Compiled,
  compileExpression,
  compileNode,
  compileTemplate,
  EvaluationError,
  type Scope,
  type TemplateOptions,
  type TextOptions,
} from '../../../runner/expression/index.js'
import { position } from '../../../runner/syntax/source.js'
import { brief, read, source } from '../syntax/support.js'

/** A scope over plain data. */
export function scopeOf(values: Readonly<Record<string, unknown>>): Scope {
  return {
    lookup: (name) => (Object.hasOwn(values, name) ? { value: values[name] } : undefined),
    names: () => Object.keys(values),
  }
}

export interface Result {
  readonly compiled: Compiled | undefined
  readonly found: Diagnostic[]
  readonly messages: string[]
}

function collect(compile: (report: (diagnostic: Diagnostic) => void) => Compiled | undefined): Result {
  const found: Diagnostic[] = []
  const compiled = compile((diagnostic) => found.push(diagnostic))
  return { compiled, found, messages: found.map(brief) }
}

/** Compile `when: TEXT`, so that places are those of a real file. */
export function expression(text: string): Result {
  const file = source(`when: ${text}`)
  return collect((report) => compileExpression(text, { file, start: 6, end: 6 + text.length }, report))
}

export function evaluate(text: string, values: Readonly<Record<string, unknown>> = {}): unknown {
  const { compiled, messages } = expression(text)
  if (!compiled) throw new Error(messages.join('\n'))
  return compiled.evaluate(scopeOf(values))
}

/** Compile a YAML text as a tree of values. */
export function tree(text: string, options: TextOptions = {}): Result {
  const { node, messages } = read(text)
  if (!node) throw new Error(messages.join('\n'))
  return collect((report) => compileNode(node, report, options))
}

export function render(text: string, values: Readonly<Record<string, unknown>> = {}): unknown {
  const { compiled, messages } = tree(text)
  if (messages.length > 0) throw new Error(messages.join('\n'))
  return compiled!.evaluate(scopeOf(values))
}

export function template(text: string, options: TemplateOptions = {}, path = 'templates/main.ejs'): Result {
  return collect((report) => compileTemplate(source(text, path), report, options))
}

export function print(
  text: string,
  values: Readonly<Record<string, unknown>> = {},
  options: TemplateOptions = {},
) {
  const { compiled, messages } = template(text, options)
  if (!compiled) throw new Error(messages.join('\n'))
  return compiled.evaluate(scopeOf(values))
}

/** `line:col message` of what an evaluation throws, and the hint. */
export function failure(run: () => unknown): { message: string; hint: string | undefined } {
  try {
    run()
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error
    const at = error.span && position(error.span)
    return { message: `${at ? `${at.line}:${at.column} ` : ''}${error.message}`, hint: error.hint }
  }
  throw new Error('nothing was thrown')
}
