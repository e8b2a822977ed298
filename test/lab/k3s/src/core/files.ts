import fs from 'node:fs'
import path from 'node:path'

/** Prefix of /etc, /var/lib and /run, so that several instances can live side by side in one file system. */
const root = process.env.TSPLAY_STANDIN_ROOT ?? ''

/** An absolute path of the host, under the overridable root. */
export function hostPath(absolute: string): string {
  return root + absolute
}

/** Reads a text file; undefined when it does not exist. Other errors are thrown. */
export function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Writes a file so that a power cut leaves the old content or the new one: temporary file, fsync, rename. */
export function writeFile(file: string, content: string | Buffer, mode = 0o600): void {
  replaceFile(file, content, mode, true)
}

function replaceFile(file: string, content: string | Buffer, mode: number, durable: boolean): void {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 })
  const temporary = `${file}.tmp${process.pid}`
  const fd = fs.openSync(temporary, 'w', mode)
  try {
    fs.writeSync(fd, content as string)
    fs.fchmodSync(fd, mode)
    if (durable) fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
  fs.renameSync(temporary, file)
  if (durable) syncDirectory(path.dirname(file))
}

function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}

/**
 * Writes only when the content differs, so that time stamps tell of real changes. As in k3s, nobody waits for the disk
 * with certificates and the like: a start has some forty of them.
 */
export function writeIfChanged(file: string, content: string, mode = 0o600): void {
  if (readText(file) !== content) replaceFile(file, content, mode, false)
}
