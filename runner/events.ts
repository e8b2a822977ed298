import type { Difference } from './modules/module.js'
import type { Redactor } from './secrets/redact.js'

/**
 * What became of one task on one host. `locked`: another run is changing the host. `unknown` exists in check mode only: it
 * depends on an earlier task.
 */
export type TaskStatus = 'ok' | 'changed' | 'skipped' | 'failed' | 'unreachable' | 'locked' | 'unknown'

/** A task as reporters show it. `id` is the same on all hosts. */
export interface TaskInfo {
  readonly id: number
  readonly name: string
  readonly module: string
  readonly role?: string | undefined
  /** `file:line:col` of the task. */
  readonly at: string
  readonly handler: boolean
}

/** One item of a loop, or the whole task where there is no loop. */
export interface ItemResult {
  readonly label?: string | undefined
  readonly status: TaskStatus
  /** Why it was skipped, failed, unreachable, locked or is unknown; one line. */
  readonly message?: string | undefined
  readonly hint?: string | undefined
  /** What changed, or would change: short phrases. */
  readonly summary: readonly string[]
  readonly differences: readonly Difference[]
  /** What a task has to tell people (`debug`). */
  readonly says?: unknown
  /** What the module returned: `rc`, `stdout`, … */
  readonly result: Readonly<Record<string, unknown>>
}

export interface HostTaskResult {
  readonly host: string
  readonly delegate?: string | undefined
  readonly status: TaskStatus
  /** It failed, and `ignore_errors` or a rescue takes it. */
  readonly ignored: boolean
  readonly items: readonly ItemResult[]
  readonly durationMs: number
}

/** Ansible's recap counters of one host, and those of statuses that it does not have: `locked` and `unknown`. */
export interface HostStats {
  ok: number
  changed: number
  unreachable: number
  failed: number
  skipped: number
  rescued: number
  ignored: number
  locked: number
  unknown: number
}

/** Values of `set_stats` by name. */
export interface CustomData {
  readonly run: Readonly<Record<string, unknown>>
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/**
 * Everything that a run has to say, in the order it happened. The union is versioned as `v` in machine-readable
 * outputs: fields are added within a version, never changed.
 */
export type RunEvent =
  | {
      readonly type: 'run_started'
      readonly check: boolean
      readonly diff: boolean
      readonly playbooks: readonly string[]
    }
  | { readonly type: 'play_started'; readonly play: string; readonly hosts: readonly string[] }
  | {
      readonly type: 'batch_started'
      readonly hosts: readonly string[]
      readonly index: number
      readonly of: number
    }
  | { readonly type: 'task_started'; readonly task: TaskInfo; readonly hosts: readonly string[] }
  | {
      readonly type: 'host_output'
      readonly task: TaskInfo
      readonly host: string
      readonly stream: 'stdout' | 'stderr'
      readonly text: string
    }
  | {
      readonly type: 'retrying'
      readonly task: TaskInfo
      readonly host: string
      readonly left: number
      /** Until the next attempt. */
      readonly delayMs: number
      readonly message: string
    }
  | { readonly type: 'host_finished'; readonly task: TaskInfo; readonly result: HostTaskResult }
  | { readonly type: 'task_finished'; readonly task: TaskInfo }
  | { readonly type: 'message'; readonly level: 'info' | 'warning' | 'error'; readonly text: string }
  | { readonly type: 'play_finished'; readonly play: string; readonly durationMs: number }
  | {
      readonly type: 'run_finished'
      readonly stats: Readonly<Record<string, HostStats>>
      readonly exitCode: number
      readonly durationMs: number
      readonly check: boolean
      /** What `set_stats` was told: of the run, and of single hosts. */
      readonly custom?: CustomData | undefined
    }

export const eventVersion = 1

/** A reporter shows events: a pure consumer. `close` is awaited before the process ends. */
export interface Reporter {
  handle(event: RunEvent): void
  /** Nothing is drawn from when this resolves until what it gives is called: a person is asked. */
  suspend?(): Promise<() => void>
  close?(): Promise<void> | void
}

export type Emit = (event: RunEvent) => void

/** The single way out for anything shown: every string of every event passes the redactor first. */
export function createTap(redactor: Redactor, reporters: readonly Reporter[]): Emit {
  return (event) => {
    const clean = redactor.clean(event) as RunEvent
    for (const reporter of reporters) reporter.handle(clean)
  }
}
