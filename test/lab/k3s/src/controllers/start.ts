import type { ServerContext } from '../api/context.js'
import { knobs } from '../core/faults.js'
import { log, reason } from '../core/log.js'
import { Conflict, Unavailable } from '../store/kv.js'
import { lifecycle } from './lifecycle.js'
import { deployManifests } from './manifests.js'
import { members } from './members.js'
import { roles } from './roles.js'
import { schedule } from './schedule.js'
import { workloads } from './workloads.js'

/** One control loop: looks at the state and mends one thing or several. */
export type Controller = (context: ServerContext) => Promise<void>

const intervalMs = 250

function loop(context: ServerContext, everywhere: boolean, run: Controller, ms: number): () => void {
  let timer: NodeJS.Timeout | undefined
  let running = true
  const turn = async (): Promise<void> => {
    try {
      if (everywhere || context.store.replica.isLeader) await run(context)
    } catch (error) {
      if (!(error instanceof Conflict) && !(error instanceof Unavailable)) log('error', reason(error))
    }
    if (running) timer = setTimeout(() => void turn(), ms)
  }
  void turn()
  return () => {
    running = false
    clearTimeout(timer)
  }
}

/** Starts all control loops; most work only while this server leads. */
export function startControllers(context: ServerContext): () => void {
  const stops = [
    loop(context, true, roles, 500),
    loop(context, true, deployManifests, knobs().manifestsMs),
    ...[lifecycle, members, workloads, schedule].map((run) => loop(context, false, run, intervalMs)),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}
