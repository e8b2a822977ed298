import type { Question, Together } from '../modules/together.js'
import { assignments } from '../transport/script.js'
import type { Connection, Outcome, RunOptions, Script } from '../transport/transport.js'

/** Asks hosts questions; those of one kind that come at the same time, in one script. */
export type AskHost = (connection: Connection, question: Question, options: RunOptions) => Promise<Outcome>

type Run = (script: Script) => Promise<Outcome>

/** Questions of one kind to one host, by what they ask; equal ones are asked once. */
type Group = Map<
  string,
  { readonly question: Script; readonly settle: ((outcome: Promise<Outcome>) => void)[] }
>

/**
 * The probes of a loop's items, and those that are sent ahead, come in one go. What each of them would start a program for is
 * done by one program for all: to start it is most of what a probe costs a host.
 */
export function createAskHost(): AskHost {
  const groups = new Map<string, Group>()
  const numberOf = numbering()
  return async (connection, { together, ...question }, options) => {
    const run: Run = (script) => connection.run(script, options)
    if (!together || question.stdin !== undefined || options.onOutput) return run(question)
    const { become } = options
    const { environment, timeoutMs } = question
    const key = JSON.stringify([
      numberOf(connection),
      numberOf(together),
      become ? [become.method, become.user] : [],
      environment,
      timeoutMs,
    ])
    const asked = assignments({ ...question, environment: {} })
    const group = groups.get(key) ?? new Map()
    if (group.size === 0) {
      groups.set(key, group)
      setImmediate(() => {
        groups.delete(key)
        askGroup(group, together, run)
      })
    }
    const { settle } = group.get(asked) ?? { settle: [] }
    group.set(asked, { question, settle })
    return new Promise((resolve) => settle.push(resolve))
  }
}

/** A number for each object, so that it can be a part of a key. */
function numbering(): (object: object) => number {
  const numbers = new WeakMap<object, number>()
  let last = 0
  return (object) => {
    const number = numbers.get(object) ?? ++last
    numbers.set(object, number)
    return number
  }
}

function askGroup(group: Group, together: Together, run: Run): void {
  const asked = [...group.values()]
  const outcomes = outcomesOf(
    asked.map(({ question }) => question),
    together,
    run,
  )
  for (const [at, { settle }] of asked.entries()) {
    const outcome = outcomes.then((all) => all[at]!())
    for (const each of settle) each(outcome)
  }
}

/** Where the one script fails, each question is asked alone: that tells which of them it failed for. */
async function outcomesOf(
  questions: readonly Script[],
  together: Together,
  run: Run,
): Promise<(() => Promise<Outcome> | Outcome)[]> {
  const alone = questions.map((question) => () => run(question))
  if (questions.length === 1) return alone
  const { script, answers } = together.join(questions)
  const { environment = {}, timeoutMs } = questions[0]!
  const outcome = await run({ ...script, environment, timeoutMs })
  if (outcome.kind === 'timedOut') return alone
  if (outcome.kind !== 'exited') return questions.map(() => () => outcome)
  const pieces = outcome.code === 0 && !outcome.truncated ? answers(outcome.stdout) : undefined
  if (!pieces) return alone
  // Of a task's time, each takes its part.
  const ranMs = (outcome.ranMs ?? 0) / questions.length
  return pieces.map((stdout) => () => ({ ...outcome, stdout, ranMs }))
}
