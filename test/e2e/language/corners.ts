import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** A corner of the language: one playbook, which Ansible and tsplay run. */
export interface Corner {
  readonly group: string
  readonly name: string
  /** Of the playbook's text, `{{ x }}` is a tag of either language; `{{ x <=> y }}` is x in Jinja, y in JavaScript. */
  readonly play: string
  /** How many hosts there are: h1, h2, …, all in `web`. */
  readonly hosts: number
  readonly args: readonly string[]
  readonly files: Readonly<Record<string, string>>
  /** What is not the same, and why (docs/differences.md tells people). */
  readonly differs: Readonly<Partial<Record<'trace' | 'stats' | 'exitCode', string>>>
}

/** What a run did: of each host what became of its tasks, in order; the recap; the exit code. */
export interface Conduct {
  readonly trace: Readonly<Record<string, readonly string[]>>
  readonly stats: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly exitCode: number | null
}

const folder = join(import.meta.dirname, 'corners')

export function readCorners(): Corner[] {
  return readdirSync(folder).flatMap((file) => {
    const read = parse(readFileSync(join(folder, file), 'utf8')) as Omit<Corner, 'group'>[]
    const defaults = { group: file.replace('.yaml', ''), hosts: 1, args: [], files: {}, differs: {} }
    return read.map((corner) => ({ ...defaults, ...corner }))
  })
}

/** The files of a corner as one of the two reads them. */
export function filesOf(corner: Corner, tool: 'ansible' | 'tsplay'): Record<string, string> {
  const hosts = Array.from({ length: corner.hosts }, (_, i) => `h${i + 1}: {}`).join(', ')
  const files = {
    'inventory.yaml': `web: { vars: { ansible_connection: local }, hosts: { ${hosts} } }\n`,
    ...corner.files,
    'play.yaml': corner.play,
  }
  const written = (text: string) =>
    text.replaceAll(/\{\{ (.+?)(?: <=> (.+?))? \}\}/g, (_, jinja: string, js = jinja) =>
      tool === 'ansible' ? `{{ ${jinja} }}` : `<%= ${js} %>`,
    )
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path, written(text)]))
}

/** One result of a task on a host, in the words of either. */
export interface Line {
  readonly host: string
  readonly task: string
  readonly module: string
  readonly status: string
  readonly says: readonly unknown[]
}

/** Includes have a line in one only, and their place among the others' is no matter: the recap counts them. */
export function traceOf(lines: readonly Line[]): Conduct['trace'] {
  const trace: Record<string, string[]> = {}
  for (const { host, task, module, status, says } of lines) {
    if (/^(include_(tasks|role)|meta)$/.test(module)) continue
    const said = says.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
    trace[host] = [...(trace[host] ?? []), [`${task}: ${status}`, ...said].join(' | ')]
  }
  return trace
}
