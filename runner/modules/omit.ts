/** The value of the variable `omit`: an argument that is set to it is as if it were not there. */
export const omit: unique symbol = Symbol('omit')

/** The arguments without those that are omitted, however deep they stand. */
export function dropOmitted(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== omit).map(dropOmitted)
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== omit)
      .map(([key, inner]) => [key, dropOmitted(inner)]),
  )
}
