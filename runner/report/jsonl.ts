import { eventVersion, type Reporter } from '../events.js'

/** One event a line, for machines (`v` is the version of the format). */
export function createJsonlReporter(write: (text: string) => void): Reporter {
  return {
    handle(event) {
      write(`${JSON.stringify({ v: eventVersion, ...event })}\n`)
    },
  }
}
