import * as jinja from '@huggingface/jinja'

/** A value of the interpreter's own world. */
export interface RuntimeValue {
  readonly type: string
  readonly value: unknown
}

/** A node of the package's tree; which members it has is told by `type`. */
export interface JinjaNode {
  readonly type: string
  readonly [key: string]: unknown
}

export interface Environment {
  /** Define a name; what it gives is the value as the interpreter's. */
  set(name: string, value: unknown): RuntimeValue
  lookupVariable(name: string): RuntimeValue
}

interface Interpreter {
  readonly global: Environment
  evaluate(node: JinjaNode | undefined, environment: Environment): RuntimeValue
}

// The package's declarations name their files without endings, which this module resolution does not follow.
export const Environment = jinja.Environment as unknown as new () => Environment
export const Interpreter = jinja.Interpreter as unknown as new (environment: Environment) => Interpreter

/** @throws Error that says what is no Jinja */
export function parseJinja(text: string): JinjaNode {
  const options = { trim_blocks: true }
  return jinja.parse(jinja.tokenize(text, options)) as unknown as JinjaNode
}
