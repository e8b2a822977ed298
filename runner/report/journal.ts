import { eventVersion, type ItemResult, type Reporter, type RunEvent } from '../events.js'
import { notable } from './format.js'

/** Characters kept of a text. */
const longestText = 2000
/** What a run may write before only its end is added: 16 MiB. */
const mostCharacters = 16 * 1024 * 1024

/** An event as the journal holds it: when it was, in ISO form. */
export type JournalEvent = RunEvent & { readonly v: number; readonly time: string }

/**
 * The record of a run, a line of JSON an event: which tasks ran on which hosts, what changed, what failed and why. Live
 * output, differences and what a module returned are left out, but for the output of what failed.
 */
export function createJournal(write: (line: string) => void): Reporter {
  let written = 0
  const line = (event: RunEvent): string =>
    `${JSON.stringify({ v: eventVersion, time: new Date().toISOString(), ...event })}\n`
  return {
    handle(event) {
      const text = event.type === 'host_output' ? undefined : line(brief(event))
      const isEnd = event.type === 'run_finished'
      if (text === undefined || (written > mostCharacters && !isEnd)) return
      written += text.length
      write(
        written > mostCharacters && !isEnd
          ? line({ type: 'message', level: 'warning', text: 'the journal is full: more is not recorded' })
          : text,
      )
    },
  }
}

function brief(event: RunEvent): RunEvent {
  if (event.type === 'host_finished')
    return { ...event, result: { ...event.result, items: notable(event.result).map(briefItem) } }
  if (event.type === 'message') return { ...event, text: cut(event.text) }
  return event.type === 'run_finished' ? { ...event, custom: undefined } : event
}

function briefItem(item: ItemResult): ItemResult {
  const { label, message, says, summary, status, result } = item
  const output = ['stdout', 'stderr'].flatMap((stream) =>
    typeof result[stream] === 'string' ? [[stream, cut(result[stream], 'end')] as const] : [],
  )
  return {
    ...item,
    label: label && cut(label),
    message: message && cut(message),
    summary: summary.slice(0, 100).map((text) => cut(text)),
    differences: [],
    says: typeof says === 'string' || says === undefined ? says && cut(says) : cut(JSON.stringify(says)),
    result: status === 'failed' ? Object.fromEntries(output) : {},
  }
}

/** The beginning of a text that is too long, or its end. */
function cut(text: string, keep: 'begin' | 'end' = 'begin'): string {
  if (text.length <= longestText) return text
  return keep === 'begin' ? `${text.slice(0, longestText)}…` : `…${text.slice(-longestText)}`
}
