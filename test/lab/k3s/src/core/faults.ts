import { hostPath, readText } from './files.js'
import { Fatal, log, sleep } from './log.js'
import { version } from './version.js'

/** The places where a test can make the stand-in slow, stuck or failing. */
export type FaultPoint =
  | 'start'
  | 'self-check'
  | 'join'
  | 'promotion'
  | 'api-ready'
  | 'node-ready'
  | 'drain'
  | 'upgrade'
  | 'snapshot-save'
  | 'cert-rotate'
  | 'token-rotate'
  | 'secrets-encrypt'

/** How long things take in the lab, in milliseconds. */
export interface Knobs {
  /** How long a learner stays one. */
  promotionMs: number
  /** Silence after which a node is NotReady (40 s in a real cluster). */
  nodeGraceMs: number
  /** Interval of node heartbeats. */
  heartbeatMs: number
  /** Interval at which server/manifests is read. */
  manifestsMs: number
}

/** One fault: `slow` waits `ms`, `stuck` waits for ever, `fail` is an error with `message`. */
export interface Fault {
  mode: 'slow' | 'stuck' | 'fail'
  ms?: number
  message?: string
  /** Only for this version of the binary. */
  version?: string
  /** Only where this node name is concerned. */
  node?: string
}

interface FaultsFile {
  faults?: Partial<Record<FaultPoint, Fault>>
  knobs?: Partial<Knobs>
}

const file = '/etc/tsplay-lab/k3s-faults.json'
const defaults: Knobs = { promotionMs: 300, nodeGraceMs: 8000, heartbeatMs: 1000, manifestsMs: 700 }

function load(): FaultsFile {
  const text = readText(hostPath(file))
  if (text === undefined || text.trim() === '') return {}
  try {
    return JSON.parse(text) as FaultsFile
  } catch {
    log('warning', `${file} is not valid JSON; no faults are active`)
    return {}
  }
}

/** The speed knobs now in force. */
export function knobs(): Knobs {
  return { ...defaults, ...load().knobs }
}

/** The fault switched on at a point for this version (and node), if any. */
export function activeFault(point: FaultPoint, node?: string): Fault | undefined {
  const fault = load().faults?.[point]
  if (fault === undefined) return undefined
  if (fault.version !== undefined && fault.version !== version) return undefined
  if (fault.node !== undefined && node !== undefined && fault.node !== node) return undefined
  return fault
}

/** Passes the point, or is held up there for as long as the switch stands; `fail` throws Fatal. */
export async function passFault(point: FaultPoint, node?: string): Promise<void> {
  const started = Date.now()
  let told = false
  for (;;) {
    const fault = activeFault(point, node)
    if (fault === undefined) return
    if (fault.mode === 'fail') throw new Fatal(fault.message ?? `fault injected at ${point}`)
    if (fault.mode === 'slow' && Date.now() - started >= (fault.ms ?? 5000)) return
    if (!told) log('info', `fault switch: ${point} is ${fault.mode}`)
    told = true
    await sleep(100)
  }
}
