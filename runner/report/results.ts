import type { HostTaskResult, ItemResult } from '../events.js'
import { colours, itemLines, marks, notable, type Paint, sanitize, unifiedDiff } from './format.js'

export interface ResultOptions {
  /** 0: what changed or failed; 1: what every host said; 2: results too. */
  readonly verbosity: number
  readonly paint: Paint
}

/** Stands for the hosts while lines of several of them are compared. */
const hostsMark = '\u0000'

/**
 * What the results of one task have to say, beside being counted. Hosts that say the same share a line, so that a task
 * that changes a hundred hosts alike takes one.
 */
export function resultLines(results: readonly HostTaskResult[], options: ResultOptions): string[] {
  const groups = new Map<string, { lines: readonly string[]; hosts: string[] }>()
  for (const result of results) {
    for (const lines of itemsOf(result, options)) {
      const key = lines.join('\n')
      const group = groups.get(key) ?? { lines, hosts: [] }
      group.hosts.push(result.delegate ? `${result.host} -> ${result.delegate}` : result.host)
      groups.set(key, group)
    }
  }
  return [...groups.values()].flatMap(({ lines, hosts }) => [
    lines[0]!.replace(hostsMark, () => [...new Set(hosts)].join(' ')),
    ...lines.slice(1),
  ])
}

/** The lines of each item that is worth some, with a mark where the host's name goes. */
function itemsOf(result: HostTaskResult, options: ResultOptions): string[][] {
  const items = options.verbosity > 0 ? result.items : notable(result)
  return items.map((item) => linesOf(item, result.ignored, options))
}

function linesOf(item: ItemResult, isIgnored: boolean, { verbosity, paint }: ResultOptions): string[] {
  const said = itemLines(item)
  const ignored = isIgnored ? ' (ignored)' : ''
  const status = paint(colours[item.status], `${marks[item.status]} ${item.status}${ignored}`)
  const head = `${status} ${hostsMark}${said[0] ? `  ${said[0]}` : ''}`
  const differences = item.differences.flatMap((difference) => unifiedDiff(difference, paint))
  const value = verbosity > 1 ? sanitize(JSON.stringify(item.result, null, 2)).split('\n') : []
  return [head, ...[...said.slice(1), ...differences, ...value].map((line) => `    ${line}`)]
}
