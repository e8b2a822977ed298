import { spawn, spawnSync } from 'node:child_process'
import { killScript, type Victim } from '../../../runner/transport/kill.js'
import { childChannel } from '../../../runner/transport/local.js'
import { Session, type SessionOptions } from '../../../runner/transport/session.js'
import type { Outcome, RunOptions, Script } from '../../../runner/transport/transport.js'

/** The shells that a host's /bin/sh may be. */
const candidates: readonly (readonly string[])[] = [['dash'], ['bash', '--posix'], ['busybox', 'ash']]

/** Those that are installed; a missing one is named, so that nobody believes it was tested. */
export const shells = candidates.filter(([program = '', ...args]) => {
  const found = spawnSync(program, [...args, '-c', 'exit 7']).status === 7
  if (!found) console.warn(`skipped: ${program} is not installed`)
  return found
})

/** A session on a shell of this machine, killed through a second one of the same kind. */
export function openShell(shell: readonly string[], options: Partial<SessionOptions> = {}): Session {
  const [program = '', ...args] = shell
  const open = (kill: SessionOptions['kill']): Session => {
    const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
    return new Session(childChannel(child), { kill, ...options })
  }
  return open(async (victim: Victim) => {
    const killer = open(async () => false)
    const outcome = await killer.run(killScript(victim))
    await killer.close()
    return outcome.kind === 'exited' && outcome.code === 0
  })
}

/** Runs a script that must exit. */
export async function exited(
  session: { run: (script: Script, options?: RunOptions) => Promise<Outcome | { kind: 'notStarted' }> },
  script: Script | string,
  options: RunOptions = {},
): Promise<{ code: number; stdout: string; stderr: string; bytes: Buffer; truncated: boolean }> {
  const outcome = await session.run(typeof script === 'string' ? { body: script } : script, options)
  if (outcome.kind !== 'exited') throw new Error(`expected an exit, got ${JSON.stringify(outcome)}`)
  const { code, stdout, stderr, truncated } = outcome
  return { code, stdout: stdout.toString(), stderr: stderr.toString(), bytes: stdout, truncated }
}

/** Waits until a condition holds; fails after half a minute. */
export async function eventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come about within 30 s')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
