import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Output, Script } from '../transport/transport.js'
import type { Question } from './together.js'

/** What a script printed, with its exit code. */
export interface Completed extends Output {
  readonly code: number
}

/** A host as a probe sees it: it can be asked. */
export interface ProbeHost {
  readonly name: string
  /** The user that scripts run as, after becoming. */
  readonly user: string
  /**
   * Run a script and take any exit code.
   * @throws HostError when there is no exit code: killed by a signal, timed out, connection lost
   */
  run(script: Script): Promise<Completed>
  /**
   * Run a read-only script that must exit 0; with others of its kind that are asked at the same time, where it can be.
   * @throws ModuleFailure with what it wrote to standard error: a probe that failed is never "absent"
   */
  query(question: Question): Promise<Completed>
}

/** A host as an apply sees it: it can be changed. */
export interface ApplyHost extends ProbeHost {
  /** Stream bytes into a new file, mode 0600. */
  upload(content: Readable | Buffer, path: string): Promise<void>
}

/** What a module may use on the controller, before a host is asked. */
export interface Controller {
  /** Find a file as Ansible does: the role's `files/` or `templates/`, the role, then the playbook's folder. */
  find(kind: 'files' | 'templates', path: string): string
  readFile(path: string): Promise<Buffer>
  stream(path: string): Readable
  /** Size in bytes and SHA-256 (hex) of a file; computed once a run for the same file. */
  digest(path: string): Promise<{ size: number; sha256: string }>
  /** Render an EJS file of the controller with the task's variables. */
  render(path: string): string
}

/**
 * Something on a host that a task needs or brings, as `kind:name`: `file:/etc/x`, `unit:k3s.service`, `command:ufw`,
 * `package:ufw`, `user:debian`. `*` stands for things that cannot be told beforehand (a package, a command).
 */
export type Resource = string

/** The text of a file, or any before and after that a person can read. */
export interface Difference {
  /** What is different: a path, a unit, a rule. */
  readonly subject: string
  readonly before: string
  readonly after: string
}

/** What applying would do. `data` is what `apply` needs to know of it. */
export interface Change<C = undefined> {
  /** Short phrases: `create /etc/x`, `mode 0644 → 0600`. */
  readonly summary: readonly string[]
  readonly differences?: readonly Difference[]
  /** Not there yet: applying fails unless an earlier task brings it. */
  readonly requires?: readonly Resource[]
  readonly provides?: readonly Resource[]
  /**
   * Applying only waits for what comes by itself or from elsewhere (a port, a node that gets ready): it changes nothing, and
   * counts as `ok`. In check mode it is unknown if an earlier task would have changed something.
   */
  readonly waits?: boolean
  readonly data: C
}

/** The fields of a registered result (`rc`, `stdout`, `stat`, …); `changed` and `failed` are the engine's. */
export type ResultFields = Readonly<Record<string, unknown>>

/** What people read about a module: `tsplay doc NAME` and docs/modules. */
export interface ModuleDoc {
  readonly summary: string
  readonly description?: string
  /** YAML of a task each. */
  readonly examples: readonly string[]
}

/**
 * A module brings one kind of thing on a host to a wanted state, in two round trips at most: `probe` asks, `diff`
 * decides, `apply` writes. In check mode the engine holds no `apply`.
 */
export interface Module<A = unknown, S = unknown, C = unknown> {
  readonly name: string
  readonly doc: ModuleDoc
  /** An object schema; unknown arguments are refused. */
  readonly args: z.ZodType<A>
  /** Other names that Ansible has for arguments: the name here by the other. */
  readonly aliases?: Readonly<Record<string, string>>
  /** The argument that `module: text` sets (Ansible's free form), for `command` and its kin. */
  readonly freeForm?: string
  /**
   * `apply` is one script, and its result is what that script printed and its exit code: it may go on by itself while the
   * run does not wait (`async`).
   */
  readonly canDetach?: true
  /** It waits for the host itself: a connection that cannot be opened is an error of a script, not of the task. */
  readonly awaitsHost?: true
  /**
   * Its probe is quick, waits for nothing, and asks only for what this host's tasks or people change: it may be sent before its
   * turn, with those of the tasks before it, and counts if none of them changed anything.
   */
  readonly readsAhead?: true
  /** Ansible's action plugins: read or render what stands on the controller. Runs in check mode too. */
  prepare?(args: A, controller: Controller): Promise<A>
  /** Read-only: one script, one round trip. */
  probe(host: ProbeHost, args: A): Promise<S>
  /** Pure. `undefined`: nothing would change. @throws ModuleFailure when the wanted state cannot be reached */
  diff(args: A, state: S): Change<C> | undefined
  /** Write atomically. Its fields are merged over those of `result`. */
  apply(host: ApplyHost, args: A, change: Change<C>): Promise<ResultFields>
  /** The result's fields when nothing is applied. */
  result?(args: A, state: S): ResultFields
}

/** A module of any types, as the registry and the engine hold it. */
// biome-ignore lint/suspicious/noExplicitAny: the engine passes a module's own values back to it and looks at none.
export type AnyModule = Module<any, any, any>

/** Declares a module, inferring the types of its arguments, state and change. */
export function defineModule<A, S, C>(module: Module<A, S, C>): Module<A, S, C> {
  return module
}

/** The task cannot do what it was asked. Its fields become the failed result's. */
export class ModuleFailure extends Error {
  constructor(
    message: string,
    readonly fields: ResultFields = {},
    readonly hint?: string,
  ) {
    super(message)
    this.name = 'ModuleFailure'
  }
}

/** A script ended without an exit code. */
export class HostError extends Error {
  constructor(
    readonly kind: 'signalled' | 'timedOut' | 'aborted' | 'lost',
    message: string,
  ) {
    super(message)
    this.name = 'HostError'
  }
}
