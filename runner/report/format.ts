import { stripVTControlCharacters, styleText } from 'node:util'
import { createTwoFilesPatch } from 'diff'
import type { CustomData, HostStats, HostTaskResult, ItemResult, TaskInfo, TaskStatus } from '../events.js'
import type { Difference } from '../modules/module.js'

/** Colours text, or leaves it as it is where the output takes none. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string

export function createPaint(colour: boolean): Paint {
  return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

/**
 * Text from a host, made harmless for a terminal and a log: no escape sequences, no carriage returns or other control
 * characters that could move the cursor or forge a line.
 */
export function sanitize(text: string): string {
  return stripVTControlCharacters(text.replace(/\r\n/g, '\n')).replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g,
    '\ufffd',
  )
}

/** The same on one line. */
export function oneLine(text: string): string {
  return sanitize(text)
    .replace(/\s*\n\s*/g, ' ⏎ ')
    .trim()
}

export const marks: Readonly<Record<TaskStatus, string>> = {
  ok: '✔',
  changed: '~',
  skipped: '-',
  failed: '✖',
  unreachable: '✖',
  locked: '✖',
  unknown: '?',
}

export const colours: Readonly<Record<TaskStatus, Parameters<typeof styleText>[0]>> = {
  ok: 'green',
  changed: 'yellow',
  skipped: 'gray',
  failed: 'red',
  unreachable: 'red',
  locked: 'red',
  unknown: 'magenta',
}

export function taskTitle(task: TaskInfo): string {
  const handler = task.handler ? 'handler: ' : ''
  return oneLine(task.role ? `${handler}${task.role} : ${task.name}` : `${handler}${task.name}`)
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** What one item has to say: what changed, why it failed; empty where there is nothing. */
export function itemLines(item: ItemResult): string[] {
  const label = item.label === undefined ? '' : `${oneLine(item.label)}: `
  const lines = [...said(item), ...item.summary.map((text) => `${label}${oneLine(text)}`)]
  if (item.message && item.status !== 'skipped') lines.push(`${label}${sanitize(item.message)}`)
  if (item.status === 'failed') lines.push(...outputLines(item.result))
  if (item.hint) lines.push(`hint: ${oneLine(item.hint)}`)
  return lines.length > 0 || item.label === undefined ? lines : [label.slice(0, -2)]
}

function said({ says }: ItemResult): string[] {
  if (says === undefined) return []
  if (Array.isArray(says) && says.every((line) => typeof line === 'string'))
    return ['', ...says.map(sanitize)]
  return [typeof says === 'string' ? says : JSON.stringify(says)].flatMap((text) =>
    sanitize(text).split('\n'),
  )
}

/** The output of a command that failed, at most the last twenty lines of each stream. */
function outputLines(result: Readonly<Record<string, unknown>>): string[] {
  return ['stdout', 'stderr'].flatMap((stream) => {
    const text = result[stream]
    if (typeof text !== 'string' || text.trim() === '' || text.trim() === result.msg) return []
    return sanitize(text.trimEnd())
      .split('\n')
      .slice(-20)
      .map((line) => `${stream}: ${line}`)
  })
}

/** Items that are worth a line of their own: what changed, failed or has something to say. */
export function notable(result: HostTaskResult): readonly ItemResult[] {
  return result.items.filter(
    (item) => item.says !== undefined || (item.status !== 'ok' && item.status !== 'skipped'),
  )
}

/** A unified diff with three lines of context, as Ansible prints it. */
export function unifiedDiff({ subject, before, after }: Difference, paint: Paint): string[] {
  const patch = createTwoFilesPatch(`before: ${subject}`, `after: ${subject}`, before, after, '', '', {
    context: 3,
  })
  return sanitize(patch)
    .split('\n')
    .filter((line) => line !== '' && !/^=+$/.test(line))
    .map((line) => {
      if (line.startsWith('@@')) return paint('cyan', line)
      if (line.startsWith('+')) return paint('green', line)
      return line.startsWith('-') ? paint('red', line) : line
    })
}

/** Ansible's recap: a line per host, sorted; `locked` and `unknown` only where there are some. */
export function recapLines(stats: Readonly<Record<string, HostStats>>, paint: Paint): string[] {
  const width = Math.max(0, ...Object.keys(stats).map((name) => name.length))
  const columns: (keyof HostStats)[] = [
    'ok',
    'changed',
    'unreachable',
    'failed',
    'skipped',
    'rescued',
    'ignored',
  ]
  const isThere = (column: keyof HostStats) => Object.values(stats).some((host) => host[column] > 0)
  columns.push(...(['locked', 'unknown'] as const).filter(isThere))
  return Object.entries(stats)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, host]) => {
      const bad = host.failed > 0 || host.unreachable > 0 || host.locked > 0
      const style = bad ? 'red' : host.changed > 0 || host.unknown > 0 ? 'yellow' : 'green'
      const cells = columns.map((column) => `${column}=${host[column]}`.padEnd(column.length + 5))
      return `${paint(style, name.padEnd(width))} : ${cells.join(' ').trimEnd()}`
    })
}

/** What `set_stats` was told: the run's, then those of single hosts. */
export function customLines(custom: CustomData | undefined): string[] {
  const line = (name: string, values: Readonly<Record<string, unknown>>): string[] =>
    Object.entries(values).map(([key, value]) => oneLine(`${name}${key} = ${JSON.stringify(value)}`))
  if (!custom) return []
  return [
    ...line('', custom.run),
    ...Object.entries(custom.hosts).flatMap(([host, values]) => line(`${host}: `, values)),
  ]
}

/** One line of what a whole run came to. */
export function closingLine(event: {
  check: boolean
  durationMs: number
  stats: Readonly<Record<string, HostStats>>
}): string {
  const hosts = Object.values(event.stats)
  const sum = (column: keyof HostStats): number => hosts.reduce((total, host) => total + host[column], 0)
  const touched = hosts.filter((host) => host.changed > 0).length
  const changes = `${sum('changed')} ${sum('changed') === 1 ? 'change' : 'changes'} on ${touched} of ${hosts.length} hosts`
  const unknown = sum('unknown') > 0 ? `, ${sum('unknown')} not known before others are applied` : ''
  return `${event.check ? `check mode: would make ${changes}${unknown}` : changes}, ${seconds(event.durationMs)}`
}
