import type { Scope } from '../expression/compiled.js'
import type { Meta } from '../plan/plan.js'
import type { Batch, Run } from './context.js'
import type { HostRun } from './host.js'
import { firstFalse } from './keywords.js'

/** Whether its condition left it out, and whether the host takes no further part. */
export interface MetaDone {
  readonly skipped: boolean
  readonly gone: boolean
}

/** What the engine does between tasks. @throws EvaluationError for a condition that cannot be told */
export async function performMeta(
  run: Run,
  batch: Batch,
  meta: Meta,
  host: HostRun,
  scope: Scope,
): Promise<MetaDone> {
  if (firstFalse(meta.when, scope, 'when')) return { skipped: true, gone: false }
  const isEnd = meta.action === 'end_batch' || meta.action === 'end_play'
  if (isEnd) for (const other of batch.hosts) if (other.state === 'alive') other.state = 'ended'
  if (meta.action === 'end_host') host.state = 'ended'
  if (meta.action === 'end_play') batch.end.play = true
  if (meta.action === 'clear_facts') {
    host.facts = undefined
    host.factGroups.clear()
  }
  if (meta.action === 'reset_connection') await run.connections.closeHost(host.name)
  if (meta.action === 'clear_host_errors') readmit(run, batch)
  if (meta.action === 'refresh_inventory') run.inventory.refresh()
  return { skipped: false, gone: isEnd || meta.action === 'end_host' }
}

/** Hosts of the play that failed or could not be reached take part again, from the next play on (Ansible's rule). */
function readmit(run: Run, batch: Batch): void {
  for (const name of batch.allHosts) {
    const host = run.hosts.get(name)
    if (host && (host.state === 'failed' || host.state === 'unreachable')) host.state = 'ended'
  }
}
