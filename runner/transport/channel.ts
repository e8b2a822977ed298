import type { Readable, Writable } from 'node:stream'

/** How a channel's program ended. Neither code nor signal: the connection was cut, nothing is known. */
export interface ChannelEnd {
  readonly code: number | null
  readonly signal: string | null
}

/** A program running on a host, its three streams and its end. */
export interface Channel {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles after the last byte of both output streams was delivered. Never rejects. */
  readonly ended: Promise<ChannelEnd>
  /** Gives the channel up at once; the program may live on. */
  close(): void
  /** Asks the host to signal the program's process group, where the way there can do so. */
  signal(name: 'KILL'): void
}

/** The way to one host that starts programs on it: one SSH connection, or this machine itself. */
export interface Remote {
  /**
   * Start a program through the login shell. The text must mean the same in every login shell (sh, csh, fish).
   * @throws ConnectError 'closed' when the connection is gone, 'shell' when the host refuses another channel
   */
  exec(command: string): Promise<Channel>
  /** Why nothing can be started any more, once the connection is gone. */
  lostReason(): string | undefined
  close(): Promise<void>
}
