import { constants } from 'node:os'
import type { ChannelEnd } from './channel.js'

/**
 * The signal a program died of, if it did: told as such, or as 128 + number by a shell or su that stood between.
 * Only for a kept shell: the exit code of a script is always reported as it is, since `exit 137` cannot be told from
 * a killed child.
 */
export function deathSignal(end: ChannelEnd): string | undefined {
  if (end.signal !== null) return end.signal.startsWith('SIG') ? end.signal : `SIG${end.signal}`
  if (end.code === null || end.code <= 128) return undefined
  const number = end.code - 128
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
}

/** The last line that is not blank, for a message: without control characters, at most 200 characters. */
export function lastLine(text: string): string {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '')
  return (lines.at(-1) ?? '')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
    .trim()
    .slice(0, 200)
}
