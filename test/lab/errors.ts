/** What the lab could not do: one line that says what, why, and what to do. Shown without a stack trace. */
export class LabError extends Error {
  override name = 'LabError'
}
