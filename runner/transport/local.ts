import { type ChildProcess, spawn } from 'node:child_process'
import type { Channel, ChannelEnd, Remote } from './channel.js'

/** The controller itself as a host: programs are its child processes, in sessions of their own (no Ctrl-C from the terminal). */
export function localRemote(shell = '/bin/sh'): Remote {
  const children = new Set<ChildProcess>()
  return {
    exec: async (command) => {
      const child = spawn(shell, ['-c', command], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
      children.add(child)
      const channel = childChannel(child)
      void channel.ended.then(() => children.delete(child))
      return channel
    },
    lostReason: () => undefined,
    close: async () => {
      for (const child of children) closeStreams(child)
    },
  }
}

type PipedChild = ReturnType<typeof spawn> & {
  stdin: NonNullable<ChildProcess['stdin']>
  stdout: NonNullable<ChildProcess['stdout']>
  stderr: NonNullable<ChildProcess['stderr']>
}

/** A child process as a channel. */
export function childChannel(child: ChildProcess): Channel {
  const { stdin, stdout, stderr } = child as PipedChild
  const ended = new Promise<ChannelEnd>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: 127, signal: null }))
    // A process left behind may hold the streams open: the program has ended all the same.
    child.once('exit', () => setTimeout(() => closeStreams(child), 1000).unref())
  })
  return {
    stdin,
    stdout,
    stderr,
    ended,
    close: () => closeStreams(child),
    signal: (name) => killGroup(child, name),
  }
}

function closeStreams(child: ChildProcess): void {
  child.stdin?.destroy()
  child.stdout?.destroy()
  child.stderr?.destroy()
}

function killGroup(child: ChildProcess, name: 'KILL'): void {
  if (child.pid === undefined || child.exitCode !== null) return
  try {
    process.kill(-child.pid, `SIG${name}`)
  } catch {
    // It has ended meanwhile.
  }
}
