import fs from 'node:fs'
import path from 'node:path'
import type { ServerContext } from '../api/context.js'
import { ApiError } from '../api/objects.js'
import { passFault } from '../core/faults.js'
import { readText, writeFile } from '../core/files.js'
import { Fatal, log, reason } from '../core/log.js'
import { version } from '../core/version.js'
import { type Snapshot, toSnapshot } from '../store/kv.js'

/** What `k3s etcd-snapshot` asks of its server. */
export interface SnapshotRequest {
  verb: 'save' | 'list' | 'delete' | 'prune'
  name?: string
  names?: string[]
  keep?: number
  dir?: string
}

export interface SnapshotFile {
  name: string
  path: string
  size: number
  created: string
}

interface Content {
  format: 'tsplay-k3s-stand-in-snapshot'
  version: string
  snapshot: Snapshot
}

function directoryOf(context: ServerContext, dir: string | undefined): string {
  return dir ?? context.config.str('etcd-snapshot-dir') ?? path.join(context.dirs.db, 'snapshots')
}

function listFiles(directory: string): SnapshotFile[] {
  if (!fs.existsSync(directory)) return []
  return fs
    .readdirSync(directory)
    .filter((name) => !name.includes('.tmp'))
    .sort()
    .map((name) => {
      const file = path.join(directory, name)
      const stat = fs.statSync(file)
      return { name, path: file, size: stat.size, created: stat.mtime.toISOString().replace(/\.\d+Z$/, 'Z') }
    })
}

async function save(context: ServerContext, directory: string, base: string): Promise<SnapshotFile[]> {
  await passFault('snapshot-save', context.nodeName)
  const content: Content = {
    format: 'tsplay-k3s-stand-in-snapshot',
    version,
    snapshot: toSnapshot(await context.store.read()),
  }
  let stamp = Math.floor(Date.now() / 1000)
  const fileOf = (): string => path.join(directory, `${base}-${context.nodeName}-${stamp}`)
  while (fs.existsSync(fileOf())) stamp += 1
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFile(fileOf(), JSON.stringify(content))
  log('info', `Saving etcd snapshot to ${fileOf()}`)
  return listFiles(directory).filter((file) => file.path === fileOf())
}

function drop(files: SnapshotFile[]): SnapshotFile[] {
  for (const file of files) fs.rmSync(file.path)
  return files
}

/** Runs a snapshot command on this server. @throws ApiError 400 when the datastore is not embedded etcd */
export async function snapshotRequest(
  context: ServerContext,
  request: SnapshotRequest,
): Promise<SnapshotFile[]> {
  if (context.store.kind !== 'etcd' || context.config.bool('disable-etcd'))
    throw new ApiError(500, 'BadRequest', 'etcd datastore disabled')
  const directory = directoryOf(context, request.dir)
  const files = listFiles(directory)
  switch (request.verb) {
    case 'save':
      return save(context, directory, request.name ?? 'on-demand').catch((error: unknown) => {
        throw new ApiError(500, 'InternalError', reason(error))
      })
    case 'list':
      return files
    case 'delete': {
      const missing = (request.names ?? []).filter((name) => !files.some((file) => file.name === name))
      if (missing.length > 0) throw new ApiError(500, 'NotFound', `snapshot not found: ${missing.join(', ')}`)
      return drop(files.filter((file) => request.names?.includes(file.name)))
    }
    case 'prune': {
      const mine = files.filter((file) => file.name.startsWith(`${request.name}-${context.nodeName}-`))
      return drop(mine.sort((a, b) => (a.name < b.name ? 1 : -1)).slice(request.keep ?? 5))
    }
  }
}

/** Reads a snapshot file. @throws Fatal in k3s's words when it is none */
export function readSnapshot(file: string): Snapshot {
  const text = readText(file)
  if (text === undefined)
    throw new Fatal(
      `starting kubernetes: preparing server: start managed database: etcd: snapshot path does not exist: ${file}`,
    )
  try {
    const content = JSON.parse(text) as Content
    if (content.format === 'tsplay-k3s-stand-in-snapshot') return content.snapshot
  } catch {
    // falls through to the error below
  }
  throw new Fatal(
    `starting kubernetes: preparing server: start managed database: snapshot file ${file} is damaged or not a snapshot`,
  )
}
