import { lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { LabError } from './errors.js'
import { isAlive, type ProcessRef, refOf } from './process.js'
import { sleep } from './run.js'

const held = new Map<string, number>()

/**
 * Runs `work` while this process holds the lock file. Calls in one process share it; another process waits up to
 * `timeoutMs`. A lock whose holder has ended is taken over.
 * @throws LabError when the time is over, naming the holder.
 */
export const withLock = async <T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> => {
  const end = Date.now() + timeoutMs
  while (!held.has(path) && !take(path)) {
    const holder = holderOf(path)
    if (holder === undefined || isAlive(holder)) {
      if (Date.now() > end)
        throw new LabError(
          `${path} is held by process ${holder?.pid ?? 'unknown'}: wait for it, or delete a left file`,
        )
      await sleep(100)
    } else rmSync(path, { force: true })
  }
  held.set(path, (held.get(path) ?? 0) + 1)
  try {
    return await work()
  } finally {
    release(path)
  }
}

// A link to nowhere that names its holder: made with its content at once, so that a kill leaves no lock without a holder.
const take = (path: string): boolean => {
  mkdirSync(dirname(path), { recursive: true })
  try {
    symlinkSync(JSON.stringify(refOf(process.pid)), path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw new LabError(`cannot write ${path}: ${(cause as Error).message}`)
  }
}

/** True when somebody holds the lock, or was killed while holding it. */
export const isTaken = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/** The process that the lock names; undefined when it has just gone. */
const holderOf = (path: string): ProcessRef | undefined => {
  try {
    return JSON.parse(readlinkSync(path)) as ProcessRef
  } catch {
    return undefined
  }
}

const release = (path: string): void => {
  const count = (held.get(path) ?? 1) - 1
  if (count > 0) return void held.set(path, count)
  held.delete(path)
  rmSync(path, { force: true })
}
