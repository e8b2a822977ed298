/** An expression that was read and compiled when the program was built. */
export interface BuiltExpression {
  /** The offset of each free name where it stands first. */
  readonly starts: readonly (readonly [name: string, start: number])[]
  /** Is the whole expression one name? */
  readonly bare: boolean
  /** Takes the values of the free names that are none of JavaScript's own. */
  readonly code: (...values: never[]) => unknown
}

/**
 * The expressions of the roles and playbooks that ship, by their text. It is the build that puts them here
 * (scripts/bundle/built-expressions.ts): reading and compiling them would be a good part of each start.
 */
export const builtExpressions: ReadonlyMap<string, BuiltExpression> = new Map()
