import { EvaluationError } from '../expression/compiled.js'
import { type Task, taskOfHandler } from '../plan/plan.js'
import type { HostScope } from '../vars/scope.js'
import type { Batch, Run } from './context.js'
import type { HostRun } from './host.js'
import { taskScope } from './scope.js'

/**
 * Remembers the handlers that a changed task calls: by name, by `role : name`, or by a topic they listen to.
 * @throws EvaluationError where there is none
 */
export function notify(run: Run, batch: Batch, task: Task, host: HostRun, scope: HostScope): void {
  const nameOf = (handler: Task) => nameNow(run, batch, handler, host)
  for (const name of task.notify) {
    const wanted = String(name.evaluate(scope))
    const matches = batch.play.handlers
      .map(taskOfHandler)
      .filter((handler) => answersTo(handler, nameOf, wanted))
    if (matches.length === 0)
      throw new EvaluationError(`no handler '${wanted}' is defined in this play`, name.span)
    const others = matches.filter((handler) => handler !== task)
    const byName = others.filter((handler) => !handler.listen.includes(wanted))
    for (const handler of others.filter((match) => match.listen.includes(wanted))) host.notified.add(handler)
    const last = laterSourceWins(byName)
    if (last) host.notified.add(last)
  }
}

function answersTo(handler: Task, nameOf: (handler: Task) => string | undefined, wanted: string): boolean {
  if (handler.listen.includes(wanted)) return true
  const name = nameOf(handler)
  return name !== undefined && (name === wanted || `${handler.role?.name} : ${name}` === wanted)
}

/** Names are templates, filled in where they are looked for; one that cannot be is nobody's (Ansible's rule). */
function nameNow(run: Run, batch: Batch, { name, role, layers }: Task, host: HostRun): string | undefined {
  if (!name || name.constant) return name && String(name.constant!.value)
  try {
    return String(name.evaluate(taskScope(run, batch, host, { role, layers })))
  } catch (error) {
    if (error instanceof EvaluationError) return undefined
    throw error
  }
}

/** Two handlers of one name: a later source (role, then play) wins; within one source the first does. */
function laterSourceWins(handlers: readonly Task[]): Task | undefined {
  const source = handlers.at(-1)?.role?.path
  return handlers.find((handler) => handler.role?.path === source)
}
