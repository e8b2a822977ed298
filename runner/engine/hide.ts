import type { Redactor } from '../secrets/redact.js'
import { Secret } from '../secrets/secret.js'
import type { ItemOutcome } from './item.js'

/** Every text and number within a secret value is masked wherever it comes up from now on. */
export function hideValue(redactor: Redactor, value: unknown): void {
  if (value instanceof Secret) redactor.add(value)
  else if (typeof value === 'string' || typeof value === 'number') redactor.add(String(value).trim())
  else if (value !== null && typeof value === 'object')
    for (const inner of Object.values(value)) hideValue(redactor, inner)
}

/** Fields of results that hold what was read or said, not how it went. */
const telling = ['content', 'text', 'stdout', 'stderr']

/** What a task with `no_log` read or set must not come up elsewhere: in a diff, or in another task's message. */
export function hideOutcome(redactor: Redactor, { result, facts }: ItemOutcome): void {
  for (const field of telling) hideValue(redactor, result[field])
  hideValue(redactor, facts)
}
