import type { Readable } from 'node:stream'
import type { Secret } from '../secrets/secret.js'

/** Whom to become on a host, and by which program. */
export interface Become {
  readonly method: 'sudo' | 'su' | 'doas'
  readonly user: string
  readonly password?: Secret | undefined
}

/** How host keys are verified (docs/ssh.md): `strict` knows only what known_hosts holds. */
export type HostKeyPolicy = 'strict' | 'accept-new' | 'off'

/**
 * Where and as whom to connect, as far as the inventory and the options say. The transport asks ~/.ssh/config for what
 * is left out, and for more (docs/ssh.md).
 */
export interface Target {
  /** The inventory's name of the host: what messages use. */
  readonly name: string
  readonly connection: 'ssh' | 'local'
  /** The host as one would name it to ssh: what `Host` lines see. */
  readonly address: string
  readonly port?: number | undefined
  readonly user?: string | undefined
  /** Keys to log in with, before those of ~/.ssh/config. */
  readonly identityFiles: readonly string[]
  readonly password?: Secret | undefined
  readonly knownHostsFiles?: readonly string[] | undefined
  readonly hostKeyPolicy?: HostKeyPolicy | undefined
  /** What the run says for every jump host too; nothing else of a target is theirs. */
  readonly hopHostKeyPolicy?: HostKeyPolicy | undefined
  readonly connectTimeoutMs?: number | undefined
  /** More of what ssh takes with -o, in order; it wins over ~/.ssh/config. */
  readonly sshArgs?: readonly ConfigLine[] | undefined
  /** ssh -F: this file instead of the user's and the system's; `none` reads nothing. */
  readonly configFile?: string | undefined
}

/** One line of an ssh_config file: `words` are what quotes leave; a command keeps its text as it stands. */
export interface ConfigLine {
  /** In lower case, with today's name. */
  readonly keyword: string
  readonly words: readonly string[]
  /** `file:line`, or where else it was said. */
  readonly place: string
}

/**
 * A POSIX sh program with its parameters. The body is a constant text: values reach it only as variables, quoted by
 * the one function, so that it can be linted as it stands and sent to a host once.
 */
export interface Script {
  readonly body: string
  /** Assigned before the body runs. Secrets are masked in whatever is shown. NUL is refused. */
  readonly vars?: Readonly<Record<string, string | Buffer | Secret>>
  readonly environment?: Readonly<Record<string, string>>
  /** What the body reads from its standard input; without it, /dev/null. */
  readonly stdin?: string | Buffer | undefined
  readonly timeoutMs?: number | undefined
  /** It only reads: it may be sent again when the connection was lost. */
  readonly repeatable?: boolean
  /** It may change something: it runs only where no other run does (the run's claim). */
  readonly exclusive?: boolean
}

/** What a script printed. Output over the limit is cut, and `truncated` says so. */
export interface Output {
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly truncated: boolean
}

/** How a script ended. `lost.sent` tells whether it may have run. */
export type Outcome =
  /** `ranMs`: from its begin, those before it on the same shell are not counted. */
  | ({ readonly kind: 'exited'; readonly code: number; readonly ranMs?: number } & Output)
  | ({ readonly kind: 'signalled'; readonly signal: string } & Output)
  | ({ readonly kind: 'timedOut'; readonly afterMs: number } & Output)
  | { readonly kind: 'aborted' }
  | { readonly kind: 'lost'; readonly sent: boolean; readonly reason: string }

export interface RunOptions {
  readonly become?: Become | undefined
  readonly signal?: AbortSignal | undefined
  readonly onOutput?: ((stream: 'stdout' | 'stderr', chunk: Buffer) => void) | undefined
}

/** An open way to one host. Scripts of one become user run one after another, in the order they were given. */
export interface Connection {
  /** Who logged in. */
  readonly user: string
  /**
   * A connection that is gone is an outcome; that no shell was given, or no right to become a user, is an error.
   * @throws ConnectError 'shell', 'become' or 'locked'; QuoteError on NUL
   */
  run(script: Script, options?: RunOptions): Promise<Outcome>
  /**
   * Stream bytes into a new file (created with mode 0600; an existing file is an error), on a channel of its own with
   * bounded memory. After anything but `exited` with 0 a part of the file may be there: the caller removes it.
   * @throws what `run` throws, and what the content throws
   */
  upload(content: Readable | Buffer, path: string, options?: RunOptions): Promise<Outcome>
  close(): Promise<void>
}

export interface Transport {
  /** @throws ConnectError */
  connect(target: Target, signal?: AbortSignal): Promise<Connection>
}

export type ConnectErrorCode =
  | 'dns'
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'host-key-revoked'
  | 'auth'
  | 'key-file'
  | 'shell'
  | 'become'
  | 'config'
  | 'proxy'
  | 'closed'
  | 'locked'

/** The host could not be reached or entered. One line, with what to do as the hint. */
export class ConnectError extends Error {
  constructor(
    readonly code: ConnectErrorCode,
    message: string,
    readonly hint?: string,
  ) {
    super(message)
    this.name = 'ConnectError'
  }
}
