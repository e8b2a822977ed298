import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { type Controller, ModuleFailure } from '../module.js'
import { isExcluded } from './exclude.js'

/** One thing that shall be on the host. Its path is relative to the destination. */
export type SyncEntry = { readonly path: string; readonly mode: string } & (
  | { readonly kind: 'directory' }
  | { readonly kind: 'link'; readonly target: string }
  | {
      readonly kind: 'file'
      /** Bytes. */
      readonly size: number
      /** Seconds since the epoch. */
      readonly mtime: number
      /** Hex; '' where content is not compared. */
      readonly sha256: string
      stream(): Readable
    }
)

/** A folder of the controller as it shall stand on hosts: folders before what is in them. */
export interface SyncSource {
  /** The folder's own name below the destination, '' where only what is in it is meant. */
  readonly prefix: string
  readonly entries: readonly SyncEntry[]
}

interface SourceOptions {
  readonly checksum: boolean
  readonly copy_links: boolean
  readonly exclude: readonly string[]
}

/**
 * Reads a folder of the controller; a final slash in `src` means what is in it, as for rsync.
 * @throws ModuleFailure for what is no folder, and for names that cannot be sent
 */
export async function readSource(
  controller: Controller,
  src: string,
  options: SourceOptions,
): Promise<SyncSource> {
  const root = controller.find('files', src)
  if (!(await stat(root)).isDirectory())
    throw new ModuleFailure(`${src} is no folder`, {}, 'copy takes files')
  const prefix = src.endsWith('/') ? '' : basename(root)
  const entries: SyncEntry[] =
    prefix === '' ? [] : [{ kind: 'directory', path: prefix, mode: await modeOf(root) }]
  await walk(root, '')
  return { prefix, entries }

  async function walk(folder: string, above: string): Promise<void> {
    for (const name of (await readdir(folder)).sort()) {
      const local = join(folder, name)
      const inner = above === '' ? name : `${above}/${name}`
      if (/[\n\ufffd]/.test(name))
        throw new ModuleFailure(
          `a name with a line break, or not in UTF-8, cannot be sent: ${JSON.stringify(local)}`,
        )
      const found = await (options.copy_links ? stat : lstat)(local).catch(() => {
        throw new ModuleFailure(`a link to nothing cannot be followed: ${local}`, {}, 'exclude leaves it out')
      })
      if (isExcluded(prefix === '' ? inner : `${prefix}/${inner}`, found.isDirectory(), options.exclude))
        continue
      const path = prefix === '' ? inner : `${prefix}/${inner}`
      const mode = octal(found.mode)
      if (found.isDirectory()) {
        entries.push({ kind: 'directory', path, mode })
        await walk(local, inner)
      } else if (found.isSymbolicLink())
        entries.push({ kind: 'link', path, mode: '0777', target: await targetOf(local) })
      else if (found.isFile()) {
        const { sha256 } = options.checksum ? await controller.digest(local) : { sha256: '' }
        const mtime = Math.floor(found.mtimeMs / 1000)
        const stream = () => controller.stream(local)
        entries.push({ kind: 'file', path, mode, size: found.size, mtime, sha256, stream })
      } else throw new ModuleFailure(`neither file, folder nor link: ${local}`, {}, 'exclude leaves it out')
    }
  }
}

const octal = (bits: number) => (bits & 0o7777).toString(8).padStart(4, '0')
const modeOf = async (path: string) => octal((await stat(path)).mode)

async function targetOf(path: string): Promise<string> {
  const target = await readlink(path)
  if (/[\n\ufffd]/.test(target))
    throw new ModuleFailure(`a link that cannot be sent: ${JSON.stringify(path)}`)
  return target
}
