import { didYouMean, type Report } from '../errors.js'
import type { Compiled } from '../expression/compiled.js'
import { type Handler, type Task, taskOfHandler } from './plan.js'
import { tagPattern } from './tag-pattern.js'

/** What the handlers of a play answer to: their names, `role : name`, their topics. */
export interface Answers {
  readonly names: ReadonlySet<string>
  /** Of handlers whose names are only known in the run. */
  readonly patterns: readonly RegExp[]
}

export function answersOf(handlers: readonly Handler[]): Answers {
  const tasks = handlers.map(taskOfHandler)
  const named = tasks.flatMap(({ name, role }) => (name ? [{ name, role }] : []))
  const spellings = (text: string, role: Task['role']): string[] =>
    role ? [text, `${role.name} : ${text}`] : [text]
  return {
    names: new Set([
      ...named.flatMap(({ name, role }) =>
        name.constant ? spellings(String(name.constant.value), role) : [],
      ),
      ...tasks.flatMap(({ listen }) => listen),
    ]),
    patterns: named.flatMap(({ name, role }) =>
      name.constant ? [] : spellings(String(name.written ?? '<%= %>'), role).map(tagPattern),
    ),
  }
}

/** Names of handlers that are nowhere, as far as they are known before the run. */
export function checkNotify(task: Task, { names, patterns }: Answers, report: Report): void {
  for (const name of task.notify) {
    const text = constantText(name)
    if (text === undefined || names.has(text) || patterns.some((pattern) => pattern.test(text))) continue
    const guess = didYouMean(text, names)
    report({
      code: 'missing-handler',
      message: `no handler '${text}' is defined in this play`,
      span: name.span,
      hint: guess && `did you mean '${guess}'?`,
    })
  }
}

function constantText({ constant }: Compiled): string | undefined {
  return constant && String(constant.value)
}
