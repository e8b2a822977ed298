import type { Scope } from '../expression/compiled.js'
import type { ApplyHost } from '../modules/module.js'
import type { Task } from '../plan/plan.js'
import type { Target } from '../transport/transport.js'
import { createHostRun } from './host.js'
import type { TaskRun } from './item.js'
import { connectionOf, type Effective, environmentOf } from './keywords.js'
import { createRemote } from './remote.js'
import { taskScope } from './scope.js'

/**
 * The host that a task works on: its own, or the one it is delegated to. A delegate is entered with its own
 * connection variables; the task's variables stay those of the original host (Ansible's rule). A module that waits for
 * a host connects by itself.
 * @param quiet what its scripts print is not shown as it comes
 * @throws ConnectError
 */
export async function openHost(
  context: TaskRun,
  scope: Scope,
  effective: Effective,
  quiet = false,
): Promise<ApplyHost> {
  const { run, batch, host, task } = context
  const name = effective.delegate ?? host.name
  const connectionScope =
    name === host.name
      ? scope
      : taskScope(run, batch, run.hosts.get(name) ?? createHostRun(name), { role: task.role })
  const { target, become } = connectionOf(name, connectionScope, task.keywords, run.options.connection)
  if (target.password) run.redactor.add(target.password)
  if (become?.password) run.redactor.add(become.password)
  const { action } = task
  const awaits = action.kind !== 'control' && action.module.awaitsHost
  const connection = awaits ? undefined : await run.connections.to(target)
  const onOutput = effective.noLog || quiet ? undefined : context.onOutput
  return createRemote(connection, {
    name,
    user: connection?.user ?? target.user ?? '',
    become,
    environment: environmentOf(task.keywords, scope),
    timeoutMs: effective.timeoutMs,
    signal: run.abort,
    ask: run.askHost,
    connect: (lost, withinMs) => run.connections.again(within(target, withinMs), lost),
    exclusive: !readsOnly(task),
    onOutput,
  })
}

/** `changed_when: false`: what it does changes nothing. */
function readsOnly({ changedWhen }: Task): boolean {
  return changedWhen?.some(({ constant }) => constant?.value === false) ?? false
}

/** A script that must answer in time has no more time to connect. */
function within(target: Target, ms: number | undefined): Target {
  if (ms === undefined) return target
  return { ...target, connectTimeoutMs: Math.min(ms, target.connectTimeoutMs ?? ms) }
}
