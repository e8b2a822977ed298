import { EvaluationError, type Scope } from '../expression/compiled.js'
import { type Task, taskOfHandler } from '../plan/plan.js'
import type { Batch } from './context.js'
import type { HostRun } from './host.js'

/**
 * Remembers the handlers that a changed task calls: by name, by `role : name`, or by a topic they listen to.
 * @throws EvaluationError where there is none
 */
export function notify(task: Task, host: HostRun, batch: Batch, scope: Scope): void {
  for (const name of task.notify) {
    const wanted = String(name.evaluate(scope))
    const matches = batch.play.handlers.map(taskOfHandler).filter((handler) => answersTo(handler, wanted))
    if (matches.length === 0)
      throw new EvaluationError(`no handler '${wanted}' is defined in this play`, name.span)
    const others = matches.filter((handler) => handler !== task)
    const byName = others.filter((handler) => !handler.listen.includes(wanted))
    for (const handler of others.filter((match) => match.listen.includes(wanted))) host.notified.add(handler)
    const last = laterSourceWins(byName)
    if (last) host.notified.add(last)
  }
}

function answersTo(handler: Task, wanted: string): boolean {
  const name = handler.name?.constant ? String(handler.name.constant.value) : undefined
  if (handler.listen.includes(wanted)) return true
  return name !== undefined && (name === wanted || `${handler.role?.name} : ${name}` === wanted)
}

/** Two handlers of one name: a later source (role, then play) wins; within one source the first does. */
function laterSourceWins(handlers: readonly Task[]): Task | undefined {
  const source = handlers.at(-1)?.role?.path
  return handlers.find((handler) => handler.role?.path === source)
}
