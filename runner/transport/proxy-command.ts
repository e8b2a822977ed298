import { spawn } from 'node:child_process'
import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { lastLine } from './signals.js'

/** A local program as the way to a host (ProxyCommand): its standard input and output are the connection. */
export interface ProxyProcess {
  readonly stream: Duplex
  /** The last line that it printed on its standard error, once it has ended, or after a moment. */
  said(): Promise<string>
}

const saidMs = 500

/**
 * Started by the shell, as ssh does. The text comes from ssh_config or the inventory, files of the controller; what is
 * known of a host (name, port, user) reaches it only as the tokens that stand there.
 */
export function startProxyCommand(command: string): ProxyProcess {
  // In a session of its own: a Ctrl-C at the terminal is for tsplay to handle.
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let printed = ''
  child.stderr.on('data', (chunk: Buffer) => {
    printed = (printed + chunk.toString('latin1')).slice(-2000)
  })
  child.stdin.on('error', () => {})
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  stream.once('close', () => child.kill())
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.once('exit', () => stream.destroy())
  child.once('error', () => stream.destroy())
  stream.on('error', () => {})
  return {
    stream,
    said: async () => {
      await Promise.race([ended, sleep(saidMs, undefined, { ref: false })])
      return lastLine(printed)
    },
  }
}
