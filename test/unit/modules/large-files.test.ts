import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { copy } from '../../../runner/modules/copy.js'
import { probeFile } from '../../../runner/modules/files/probe.js'
import { localController, runModule, shells } from '../../support/cases.js'
import { localHost } from '../../support/local-host.js'

const dir = mkdtempSync(join(tmpdir(), 'tsplay-large-'))
const bytes = Buffer.alloc(5 * 1024 * 1024, 'k3s\0')
writeFileSync(join(dir, 'large'), bytes)
const program = (folder: string, text: string): string => {
  mkdirSync(join(dir, folder))
  writeFileSync(join(dir, folder, 'openssl'), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return join(dir, folder)
}
/** Written by the openssl that fails. */
const called = join(dir, 'called')
const failing = program('failing', `: >'${called}'; echo 0123 half; exit 1`)

const available = shells()
afterAll(() => {
  for (const shell of available) shell.close()
  rmSync(dir, { recursive: true })
})

describe.each(available)('$name', ({ argv, env }) => {
  const hosts = {
    'with what the host has': localHost(argv, env),
    'with an openssl that fails': localHost(argv, { ...env, PATH: `${failing}:${env.PATH}` }),
  }
  test.each(Object.entries(hosts))('%s a large file is copied, and found right', async (_how, host) => {
    const args = { src: 'large', dest: join(dir, 'to'), mode: '0600' }
    const on = { host, controller: localController(dir) }
    const first = await runModule(copy, args, on, true)
    expect(first.change?.summary).toEqual([`create ${join(dir, 'to')}`])
    expect(readFileSync(join(dir, 'to')).equals(bytes)).toBe(true)
    expect((await runModule(copy, args, on, true)).change).toBeUndefined()
    rmSync(join(dir, 'to'))
  })

  test('its sum is the one that is told of any file', async () => {
    for (const host of Object.values(hosts)) {
      const [large, any] = await Promise.all(
        [true, false].map((large) => probeFile(host, { path: join(dir, 'large'), large })),
      )
      expect(large!.file.sha256).toBe(any!.file.sha256)
    }
    expect(readFileSync(called, 'utf8')).toBe('')
  })
})
