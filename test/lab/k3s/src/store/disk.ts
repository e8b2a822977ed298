import fs from 'node:fs'
import path from 'node:path'
import { readText, writeFile } from '../core/files.js'
import {
  applyChange,
  type Change,
  emptyKv,
  follows,
  fromSnapshot,
  type Kv,
  type Snapshot,
  toSnapshot,
} from './kv.js'

/** Term and vote must survive a restart, or a server could vote twice in one term. */
export interface HardState {
  term: number
  votedFor: string
}

const compactBytes = 2 * 1024 * 1024

/** The datastore's files: a snapshot, and a log of the changes after it, each synced before it counts. */
export class Disk {
  private fd: number | undefined
  private logged = 0

  /** For etcd: directory `server/db/etcd`. For SQLite: the file `server/db/state.db`. */
  constructor(
    private readonly snapshotFile: string,
    private readonly walFile: string,
    private readonly hardFile: string,
  ) {}

  /** Whether a datastore has been here before. */
  get exists(): boolean {
    return fs.existsSync(this.snapshotFile)
  }

  /** Reads the newest state; a torn last line (power cut while writing) is dropped. */
  load(): Kv {
    const text = readText(this.snapshotFile)
    const kv = text === undefined ? emptyKv() : fromSnapshot(JSON.parse(text) as Snapshot)
    for (const line of (readText(this.walFile) ?? '').split('\n')) {
      const change = parseLine(line)
      if (change === undefined) continue
      if (follows(kv, change)) applyChange(kv, change)
    }
    this.install(kv)
    return kv
  }

  loadHard(): HardState {
    const text = readText(this.hardFile)
    return text === undefined ? { term: 0, votedFor: '' } : (JSON.parse(text) as HardState)
  }

  saveHard(state: HardState): void {
    writeFile(this.hardFile, JSON.stringify(state))
  }

  append(change: Change, kv: Kv): void {
    this.fd ??= fs.openSync(this.walFile, 'a', 0o600)
    const line = `${JSON.stringify(change)}\n`
    fs.writeSync(this.fd, line)
    fs.fdatasyncSync(this.fd)
    this.logged += line.length
    if (this.logged > compactBytes) this.install(kv)
  }

  /** Makes a state the starting point and empties the log. */
  install(kv: Kv): void {
    fs.mkdirSync(path.dirname(this.walFile), { recursive: true, mode: 0o700 })
    writeFile(this.snapshotFile, JSON.stringify(toSnapshot(kv)))
    if (this.fd !== undefined) fs.closeSync(this.fd)
    this.fd = fs.openSync(this.walFile, 'w', 0o600)
    fs.fdatasyncSync(this.fd)
    this.logged = 0
  }
}

function parseLine(line: string): Change | undefined {
  if (line === '') return undefined
  try {
    return JSON.parse(line) as Change
  } catch {
    return undefined
  }
}

/** Where embedded etcd keeps its files. */
export function etcdDisk(dbDir: string): Disk {
  const member = path.join(dbDir, 'etcd', 'member')
  return new Disk(
    path.join(member, 'snap', 'db'),
    path.join(member, 'wal', '0.wal'),
    path.join(member, 'snap', 'hard'),
  )
}

/** Where the SQLite stand-in keeps its files. */
export function sqliteDisk(dbDir: string): Disk {
  const file = path.join(dbDir, 'state.db')
  return new Disk(file, `${file}-wal`, `${file}-shm`)
}
