import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import { createTransport } from '../../../runner/transport/index.js'
import type { Connection } from '../../../runner/transport/transport.js'
import { eventually, exited } from './shells.js'

const folder = mkdtempSync(join(tmpdir(), 'tsplay-local-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let host: Connection
beforeEach(async () => {
  host = await createTransport().connect({
    name: 'localhost',
    connection: 'local',
    address: 'localhost',
    port: 22,
    user: 'root',
    identityFiles: [],
    knownHostsFiles: [],
    hostKeyPolicy: 'strict',
    connectTimeoutMs: 1000,
  })
})
afterEach(() => host.close())

it('runs scripts on the controller, with stderr apart', async () => {
  const result = await exited(host, { body: 'echo "$v"; echo no >&2; exit 2', vars: { v: "it's" } })
  expect(result).toMatchObject({ code: 2, stdout: "it's\n", stderr: 'no\n' })
})

it('writes a new file with mode 0600, whatever its name, and never over another', async () => {
  const path = join(folder, "-n 'a' \n $(id)")
  const content = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * 31) % 256))
  expect(await host.upload(Readable.from([content]), path)).toMatchObject({ kind: 'exited', code: 0 })
  expect([readFileSync(path).equals(content), statSync(path).mode & 0o777]).toEqual([true, 0o600])
  const again = await host.upload(Buffer.from('other'), path)
  expect(again).toMatchObject({ kind: 'exited', stderr: expect.anything() })
  expect([again.kind === 'exited' && again.code > 0, readFileSync(path).equals(content)]).toEqual([
    true,
    true,
  ])
})

it('refuses a path with NUL', async () => {
  await expect(host.upload(Buffer.from('x'), '/tmp/a\0b')).rejects.toThrow(/NUL/)
})

it('ends an upload whose content fails, and says why', async () => {
  const broken = new Readable({ read: () => {} })
  broken.push('half')
  setTimeout(() => broken.destroy(new Error('the disk is gone')), 50)
  await expect(host.upload(broken, join(folder, 'broken'))).rejects.toThrow('the disk is gone')
})

it('stops an upload when it is told to', async () => {
  const controller = new AbortController()
  const endless = new Readable({ read: () => {} })
  endless.push('half')
  const upload = host.upload(endless, join(folder, 'endless'), { signal: controller.signal })
  setTimeout(() => controller.abort(), 100)
  expect(await upload).toEqual({ kind: 'aborted' })
})

it('leaves no shell behind', async () => {
  const file = join(folder, 'pid')
  await exited(host, { body: 'echo $$ >"$file"', vars: { file } })
  const pid = readFileSync(file, 'utf8').trim()
  await host.close()
  await eventually(() => !existsSync(`/proc/${pid}`))
})
