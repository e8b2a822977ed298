import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { type ApplyHost, ModuleFailure } from '../module.js'
import { shellScript } from '../script.js'

const removeTemp = shellScript('remove-temp', 'apply', ['temp'], `rm -f -- "$temp"`)

/**
 * Streams bytes into a new file of a folder, for a script to take from there.
 * @returns its path
 * @throws ModuleFailure or HostError, with no part of it left where the host can still be reached
 */
export async function uploadInto(host: ApplyHost, folder: string, content: Readable): Promise<string> {
  const temp = `${folder === '/' ? '' : folder}/.tsplay.${randomBytes(9).toString('hex')}`
  try {
    await host.upload(content, temp)
  } catch (error) {
    await removeUpload(host, temp)
    throw error instanceof Error ? error : new ModuleFailure(String(error))
  }
  return temp
}

/** The connection may be gone; what made the task fail is the news, not this. */
export async function removeUpload(host: ApplyHost, temp: string): Promise<void> {
  await host.run(removeTemp({ temp })).catch(() => undefined)
}
