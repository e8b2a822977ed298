/** In check mode: a value that only an earlier task, had it been applied, would have given. */
export class UnknownError extends Error {
  constructor(readonly because: string) {
    super(`depends on '${because}', which was not applied`)
    this.name = 'UnknownError'
  }
}

/** The UnknownError that is, or that caused, an error. */
export function unknownCause(error: unknown): UnknownError | undefined {
  for (let current = error; current instanceof Error; current = current.cause)
    if (current instanceof UnknownError) return current
  return undefined
}

/** A registered result of which only some fields are known; reading or listing others throws UnknownError. */
export function partlyKnown(fields: Readonly<Record<string, unknown>>, because: string): unknown {
  return new Proxy(fields, {
    get(target, key) {
      if (typeof key === 'symbol' || Object.hasOwn(target, key)) return Reflect.get(target, key)
      throw new UnknownError(because)
    },
    ownKeys() {
      throw new UnknownError(because)
    },
  })
}
