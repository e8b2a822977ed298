import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { JournalEvent } from './journal.js'

/** Runs that are kept; with each new one the oldest goes. */
const mostRuns = 100

const fileName = /^(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}Z-\d+)\.jsonl$/

/** The file of one run. */
export interface JournalFile {
  write(text: string): void
  close(): void
}

/**
 * Makes the file of a run that begins, named by its time (UTC) and process, which its user alone can read. A disk that is
 * full ends the record, not the run.
 * @param fail told once, where nothing more can be recorded
 * @throws Error of the file system, where none can be made
 */
export function openJournal(folder: string, fail: (why: string) => void): JournalFile {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const run of journalRuns(folder).slice(mostRuns - 1)) rmSync(pathOf(folder, run), { force: true })
  const time = new Date().toISOString().replaceAll(/[:.]/g, '-')
  let file: number | undefined = openSync(pathOf(folder, `${time}-${process.pid}`), 'a', 0o600)
  const close = (): void => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  return {
    close,
    write(text) {
      if (file === undefined) return
      try {
        writeSync(file, text)
      } catch (error) {
        close()
        fail((error as Error).message)
      }
    },
  }
}

/** The runs that are recorded, by name, the latest first. */
export function journalRuns(folder: string): string[] {
  try {
    return readdirSync(folder)
      .flatMap((name) => fileName.exec(name)?.[1] ?? [])
      .sort()
      .reverse()
  } catch {
    return []
  }
}

/** What a run recorded; a line that was cut off is left out. */
export function readJournal(folder: string, run: string): JournalEvent[] {
  return readFileSync(pathOf(folder, run), 'utf8')
    .split('\n')
    .flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as JournalEvent] : []))
}

function pathOf(folder: string, run: string): string {
  return join(folder, `${run}.jsonl`)
}
