import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildStandIns, standInVersions } from '../../lab/k3s/build.js'

let directory = ''
const file = (version: string, name: string): string => path.join(directory, version, name)
const k3s = (version: string, ...argv: string[]): string =>
  execFileSync(process.execPath, [file(version, 'k3s'), ...argv], { encoding: 'utf8' })

beforeAll(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'k3s-build-'))
  await buildStandIns(directory)
})
afterAll(() => fs.rmSync(directory, { recursive: true }))

describe('the built stand-ins', () => {
  it('print their version as k3s does', () => {
    for (const version of standInVersions)
      expect(k3s(version, '--version')).toBe(`k3s version ${version} (standin0)\ngo version go1.24.9\n`)
  })

  it('say what they are', () => {
    expect(k3s(standInVersions[0], '--help')).toContain('tsplay lab stand-in for k3s, not the real k3s')
  })

  it('are executables for the lab, with checksums in the format of a release', () => {
    for (const version of standInVersions) {
      expect(fs.statSync(file(version, 'k3s')).mode & 0o777).toBe(0o755)
      const content = fs.readFileSync(file(version, 'k3s'))
      expect(content.toString().split('\n')[0]).toBe('#!/opt/tsplay-lab/node --use-openssl-ca')
      const sum = createHash('sha256').update(content).digest('hex')
      expect(fs.readFileSync(file(version, 'sha256sum-amd64.txt'), 'utf8')).toMatch(
        new RegExp(`^${sum}  k3s$`, 'm'),
      )
    }
  })

  it('are left alone when nothing changed', async () => {
    const before = fs.statSync(file(standInVersions[1], 'k3s'))
    await buildStandIns(directory)
    const after = fs.statSync(file(standInVersions[1], 'k3s'))
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
  })
})
