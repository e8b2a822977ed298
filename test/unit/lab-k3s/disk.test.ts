import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { etcdDisk } from '../../lab/k3s/src/store/disk.js'
import { applyChange, type Change, emptyKv } from '../../lab/k3s/src/store/kv.js'

let directory = ''
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'k3s-disk-'))
})
afterEach(() => fs.rmSync(directory, { recursive: true }))

function change(rev: number, key: string, term = 1): Change {
  return { term, rev, prevTerm: rev === 1 ? 0 : term, prevRev: rev - 1, set: { [key]: rev }, del: [] }
}

function write(changes: Change[]): void {
  const disk = etcdDisk(directory)
  const kv = disk.load()
  for (const item of changes) {
    applyChange(kv, item)
    disk.append(item, kv)
  }
}

const wal = (): string => path.join(directory, 'etcd', 'member', 'wal', '0.wal')

describe('the datastore on disk', () => {
  it('comes back with every change that was appended', () => {
    write([change(1, 'a'), change(2, 'b')])
    const kv = etcdDisk(directory).load()
    expect([kv.rev, kv.data.get('a')?.value, kv.data.get('b')?.value]).toEqual([2, 1, 2])
  })

  it('drops a line that a power cut tore', () => {
    write([change(1, 'a'), change(2, 'b')])
    fs.truncateSync(wal(), fs.statSync(wal()).size - 5)
    const kv = etcdDisk(directory).load()
    expect([kv.rev, kv.data.has('b')]).toEqual([1, false])
  })

  it('does not replay a log that belongs to an older state', () => {
    write([change(1, 'a'), change(2, 'b')])
    const log = fs.readFileSync(wal())
    const other = emptyKv()
    other.term = 2
    other.rev = 1
    other.data.set('z', { value: 1, mod: 1, created: 1 })
    etcdDisk(directory).install(other)
    fs.writeFileSync(wal(), log)
    const kv = etcdDisk(directory).load()
    expect([...kv.data.keys()]).toEqual(['z'])
  })
})
