import type { Script } from '../transport/transport.js'
import type { Completed, ProbeHost } from './module.js'
import { ModuleFailure } from './module.js'

/** Output as people register it: UTF-8, without the line ends at its end. */
export function outputText(output: Buffer): string {
  return output.toString('utf8').replace(/[\r\n]+$/, '')
}

/** Lines as Python's `splitlines` gives them, which is what `stdout_lines` holds in Ansible. */
function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\r?\n$/, '').split(/\r\n|\n|\r/)
}

/** `rc`, `stdout`, `stderr` and their lines. */
export function outputFields(completed: Completed) {
  const stdout = outputText(completed.stdout)
  const stderr = outputText(completed.stderr)
  return {
    rc: completed.code,
    stdout,
    stderr,
    stdout_lines: linesOf(stdout),
    stderr_lines: linesOf(stderr),
    ...(completed.truncated ? { truncated: true } : {}),
  }
}

/**
 * Run an apply's script, which must exit 0.
 * @param doing what failed, for the message: `write /etc/x`
 * @throws ModuleFailure with the last lines it wrote to standard error
 */
export async function mustRun(host: ProbeHost, script: Script, doing: string): Promise<Completed> {
  const completed = await host.run(script)
  if (completed.code !== 0) throw scriptFailure(completed, doing)
  return completed
}

/** The failure of a script that ended with an exit code other than 0. */
function scriptFailure(completed: Completed, doing: string): ModuleFailure {
  const fields = outputFields(completed)
  const said = (fields.stderr || fields.stdout).split('\n').slice(-5).join('\n')
  return new ModuleFailure(`could not ${doing}: ${said || `exit code ${completed.code}`}`, fields)
}

/** Ansible's `start`, `end` (UTC) and `delta`, from milliseconds since the epoch. */
export function timing(startMs: number, endMs: number) {
  const stamp = (ms: number) => `${new Date(ms).toISOString().slice(0, 23).replace('T', ' ')}000`
  const span = Math.max(0, endMs - startMs)
  const two = (n: number) => `${n}`.padStart(2, '0')
  const [h, m] = [Math.floor(span / 3_600_000), Math.floor(span / 60_000) % 60]
  const s = Math.floor(span / 1000) % 60
  const delta = `${h}:${two(m)}:${two(s)}.${`${span % 1000}`.padStart(3, '0')}000`
  return { start: stamp(startMs), end: stamp(endMs), delta }
}
