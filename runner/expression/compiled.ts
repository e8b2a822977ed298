import type { Span } from '../syntax/source.js'

/** Where names are looked up when an expression is evaluated. */
export interface Scope {
  /** The value of a name, evaluated if it is a template itself; `undefined` where nothing defines it. */
  lookup(name: string): { readonly value: unknown } | undefined
  /** Every name that is defined, for `vars` and for "did you mean". */
  names(): Iterable<string>
}

/**
 * Something written on the controller that gives a value: an expression, a template, or plain data. Only text that
 * stands in a file on the controller becomes one; values from hosts, the command line and prompts are wrapped by
 * `constant` and never looked into.
 */
export interface Compiled {
  /** Names that it reads from the scope. Helpers and JavaScript's own globals are not among them. */
  readonly names: ReadonlySet<string>
  readonly span?: Span | undefined
  /** Where one of its names stands first; nothing where that is not known. */
  readonly place?: ((name: string) => Span | undefined) | undefined
  /** Set when the value is plain data, known without a scope. */
  readonly constant?: { readonly value: unknown }
  /** The value as it stands in the file, templates not evaluated, where it is not constant. */
  readonly written?: unknown
  /** @throws EvaluationError */
  evaluate(scope: Scope): unknown
}

const noNames: ReadonlySet<string> = new Set()

/** Of the values of a large playbook most are constant: one small object each, and nothing of its own besides. */
class Constant implements Compiled {
  constructor(
    readonly value: unknown,
    readonly span: Span | undefined,
  ) {}

  get names(): ReadonlySet<string> {
    return noNames
  }

  get constant(): this {
    return this
  }

  evaluate(): unknown {
    return this.value
  }
}

/** Plain data as a `Compiled`. */
export function constant(value: unknown, span?: Span): Compiled {
  return new Constant(value, span)
}

/** The names that any of these reads. */
export function namesOf(parts: readonly Compiled[]): ReadonlySet<string> {
  const reading = parts.filter((part) => part.names.size > 0)
  if (reading.length < 2) return reading[0]?.names ?? noNames
  return new Set(reading.flatMap((part) => [...part.names]))
}

/** An expression or a template could not be evaluated: an undefined name, a wrong type, an exception in it. */
export class EvaluationError extends Error {
  constructor(
    message: string,
    readonly span?: Span,
    readonly hint?: string,
  ) {
    super(message)
    this.name = 'EvaluationError'
  }
}
