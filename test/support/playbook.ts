import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { runApp } from '../../runner/app.js'
import { InputError, Interrupted } from '../../runner/errors.js'
import type { HostStats, HostTaskResult, RunEvent } from '../../runner/events.js'
import { parseOptions } from '../../runner/options.js'

/** What a run did, as its events tell. */
export interface Ran {
  readonly exitCode: number
  readonly events: readonly RunEvent[]
  readonly stdout: string
  readonly stderr: string
  /** `host: status` of every result, in order, with the task's name in front. */
  readonly trace: readonly string[]
  /** What debug tasks showed, `host: text`. */
  readonly messages: readonly string[]
  readonly stats: Readonly<Record<string, HostStats>>
}

/** A folder that is gone when the test is over, with these files in it. */
export function temporaryFolder(files: Readonly<Record<string, string>> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'tsplay-unit-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return dir
}

/** Hosts that are shells on this machine: h1, h2, … in one group each and all in `web`. */
function localInventory(count: number): string {
  const hosts = Array.from({ length: count }, (_, i) => `    h${i + 1}: { own: ${i + 1} }`).join('\n')
  return `web:\n  vars: { ansible_connection: local }\n  hosts:\n${hosts}\n`
}

/** Runs a playbook as the command line does, on local shells; an InputError becomes its exit code and its text. */
export async function play(
  playbook: string,
  options: {
    args?: readonly string[]
    files?: Readonly<Record<string, string>>
    hosts?: number
    dir?: string
    /** What the person at the terminal answers, in turn, or Ctrl-C, or null for nothing; without it there is no terminal. */
    answers?: readonly Answer[]
    /** Ctrl-C, once this text is in what the run writes. */
    interruptAt?: string
  } = {},
): Promise<Ran> {
  const dir = options.dir ?? temporaryFolder()
  const files = {
    'inventory.yaml': localInventory(options.hosts ?? 1),
    'play.yaml': playbook,
    ...options.files,
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  const args = ['-i', join(dir, 'inventory.yaml'), ...(options.args ?? []), 'play.yaml']
  return runInFolder(dir, args, options)
}

async function runInFolder(
  dir: string,
  args: readonly string[],
  { answers, interruptAt }: { answers?: readonly Answer[]; interruptAt?: string },
): Promise<Ran> {
  const left = [...(answers ?? [])]
  const stop = new AbortController()
  let stdout = ''
  let stderr = ''
  let exitCode: number
  try {
    exitCode = await runApp(parseOptions([...args, '--output', 'jsonl']), {
      stdout: {
        write: (text) => {
          stdout += text
          if (interruptAt !== undefined && text.includes(interruptAt)) stop.abort()
        },
      },
      stderr: { write: (text) => (stderr += text) },
      colour: false,
      cwd: dir,
      ...(answers && { ask: async (_text, { until }) => given(left.length > 0 ? left.shift()! : '', until) }),
      interrupt: () => stop.abort(),
      stop: stop.signal,
      abort: new AbortController().signal,
    })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    exitCode = error.exitCode
    stderr += error.message
  }
  const events = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as RunEvent)
  return { exitCode, events, stdout, stderr, ...digest(events) }
}

type Answer = string | Interrupted | null

async function given(answer: Answer, until?: AbortSignal): Promise<string> {
  if (answer instanceof Interrupted) throw answer
  if (answer === null) await once(until!, 'abort')
  return answer ?? ''
}

function digest(events: readonly RunEvent[]): Pick<Ran, 'trace' | 'messages' | 'stats'> {
  const finished = events.filter((event) => event.type === 'host_finished')
  const last = events.find((event) => event.type === 'run_finished')
  return {
    trace: finished.map(({ task, result }) => `${task.name} ${result.host}: ${result.status}`),
    messages: finished.filter(({ task }) => task.module === 'debug').flatMap(({ result }) => shownBy(result)),
    stats: last?.stats ?? {},
  }
}

function shownBy(result: HostTaskResult): string[] {
  return result.items
    .filter((item) => item.status === 'ok')
    .map(
      (item) =>
        `${result.host}: ${typeof item.result.msg === 'string' ? item.result.msg : JSON.stringify(item.result.msg)}`,
    )
}
