import type { z } from 'zod'

/** What is wrong with an argument, and where in it. */
export interface Problem {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/**
 * What a schema says of values that it refuses. A value may be of several types (a number, or text of one): then what its
 * own type says of it is told, not that it is none of them.
 */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.map(told)
}

function told(issue: z.core.$ZodIssue): Problem {
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors.flat()
  const best = inner.find(({ code }) => code !== 'invalid_type') ?? inner[0]
  if (!best) return issue
  const { path, message } = told(best)
  return { path: [...issue.path, ...path], message }
}
